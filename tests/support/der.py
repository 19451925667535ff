"""DER that nobody would write: changes to what was encoded well."""


def inserted(encoded: bytes, place: int, more: bytes) -> bytes:
    """Insert an element into DER, before the one at the place, and lengthen all that contains it."""
    if place == 0:
        return more + encoded
    length, body = encoded[1], 2
    if length & 0x80:
        body += length & 0x7F
        length = int.from_bytes(encoded[2:body], "big")
    end = body + length
    if place >= end:
        return encoded[:end] + inserted(encoded[end:], place - end, more)
    content = inserted(encoded[body:end], place - body, more)
    size = len(content).to_bytes(4, "big").lstrip(b"\0")
    if len(content) >= 0x80:
        size = bytes([0x80 | len(size)]) + size
    return encoded[:1] + size + content + encoded[end:]
