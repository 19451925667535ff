//! Rust's types of foreign functions, written in C.

use std::error::Error;

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

use crate::declarations::Declarations;

/// Types whose C spelling is not their Rust name. Where C names a function type, Rust names the pointer to it.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("CRYPTO_EX_dup", "CRYPTO_EX_dup *"),
    ("CRYPTO_EX_free", "CRYPTO_EX_free *"),
    ("CRYPTO_EX_new", "CRYPTO_EX_new *"),
    ("OSSL_PASSPHRASE_CALLBACK", "OSSL_PASSPHRASE_CALLBACK *"),
    ("PasswordCallback", "pem_password_cb *"),
    ("bio_info_cb", "bio_info_cb *"),
    ("c_char", "char"),
    ("c_double", "double"),
    ("c_int", "int"),
    ("c_long", "long"),
    ("c_longlong", "long long"),
    ("c_schar", "signed char"),
    ("c_short", "short"),
    ("c_uchar", "unsigned char"),
    ("c_uint", "unsigned int"),
    ("c_ulong", "unsigned long"),
    ("c_ulonglong", "unsigned long long"),
    ("c_ushort", "unsigned short"),
    ("c_void", "void"),
    ("i8", "int8_t"),
    ("i16", "int16_t"),
    ("i32", "int32_t"),
    ("i64", "int64_t"),
    ("isize", "ssize_t"),
    ("pem_password_cb", "pem_password_cb *"),
    ("sockaddr", "struct sockaddr"),
    ("timeval", "struct timeval"),
    ("tm", "struct tm"),
    ("u8", "uint8_t"),
    ("u16", "uint16_t"),
    ("u32", "uint32_t"),
    ("u64", "uint64_t"),
    ("usize", "size_t"),
];

/// The C spelling of a type that C spells otherwise.
pub(crate) fn exception(name: &str) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(rust, _)| *rust == name).map(|(_, c)| *c)
}

/// The C spelling of any named type.
pub(crate) fn name(name: &str) -> String {
    match exception(name) {
        Some(c) => c.to_owned(),
        None if name.starts_with("stack_st_") => format!("struct {name}"),
        None => name.to_owned(),
    }
}

/// Writes Rust types in C.
pub(crate) struct Translator<'a> {
    declarations: &'a Declarations,
}

impl<'a> Translator<'a> {
    /// For types that may be aliases among these declarations.
    pub(crate) fn new(declarations: &'a Declarations) -> Self {
        Self { declarations }
    }

    /// The C declaration of `name` as a pointer to a function with this signature.
    pub(crate) fn function_pointer(&self, signature: &Signature, name: &str) -> Result<String, Box<dyn Error>> {
        let mut types = Vec::new();
        for input in &signature.inputs {
            match input {
                syn::FnArg::Typed(typed) => types.push(typed.ty.as_ref()),
                syn::FnArg::Receiver(_) => return Err(format!("`self` in {}", signature.ident).into()),
            }
        }
        self.pointer_to(&types, signature.variadic.is_some(), &signature.output, name)
            .map_err(|error| format!("{}: {error}", signature.ident).into())
    }

    fn pointer_to(
        &self,
        parameters: &[&Type],
        variadic: bool,
        output: &ReturnType,
        name: &str,
    ) -> Result<String, Box<dyn Error>> {
        let mut list = parameters.iter().map(|ty| self.declare(ty, false, "")).collect::<Result<Vec<_>, _>>()?;
        if variadic {
            list.push("...".to_owned());
        }
        if list.is_empty() {
            list.push("void".to_owned());
        }
        let declarator = format!("(*{name})({})", list.join(", "));
        match output {
            ReturnType::Default => Ok(format!("void {declarator}")),
            ReturnType::Type(_, ty) => self.declare(ty, false, &declarator),
        }
    }

    /// The C declaration of something of this type, qualified with `const` if so asked.
    fn declare(&self, ty: &Type, constant: bool, declarator: &str) -> Result<String, Box<dyn Error>> {
        let qualifier = if constant { "const " } else { "" };
        match ty {
            Type::Group(group) => self.declare(&group.elem, constant, declarator),
            Type::Paren(paren) => self.declare(&paren.elem, constant, declarator),
            Type::Never(_) => Ok(format!("void {declarator}")),
            Type::Ptr(pointer) => {
                let target_is_const = matches!(pointer.mutability, syn::PointerMutability::Const(_));
                self.declare(&pointer.elem, target_is_const, &format!("*{qualifier}{declarator}"))
            }
            Type::Array(array) => {
                let length = array.len.to_token_stream();
                self.declare(&array.elem, constant, &format!("({declarator})[{length}]"))
            }
            Type::FnPtr(function) => {
                let types: Vec<&Type> = function.inputs.iter().map(|input| &input.ty).collect();
                let name = format!("{qualifier}{declarator}");
                self.pointer_to(&types, function.variadic.is_some(), &function.output, &name)
            }
            Type::Path(path) => {
                let Some(last) = path.path.segments.last() else { return Err(unknown(ty)) };
                match &last.arguments {
                    PathArguments::None => match self.declarations.callback(&last.ident.to_string()) {
                        Some(callback) => self.declare(callback, constant, declarator),
                        None => Ok(format!("{qualifier}{} {declarator}", name(&last.ident.to_string()))),
                    },
                    PathArguments::AngleBracketed(generic) if last.ident == "Option" => match generic.args.first() {
                        Some(GenericArgument::Type(inner)) => self.declare(inner, constant, declarator),
                        _ => Err(unknown(ty)),
                    },
                    _ => Err(unknown(ty)),
                }
            }
            _ => Err(unknown(ty)),
        }
    }
}

fn unknown(ty: &Type) -> Box<dyn Error> {
    format!("a type that C has not: `{}`", ty.to_token_stream()).into()
}
