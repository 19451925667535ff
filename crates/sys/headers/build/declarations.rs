//! The declarations of `ironssl-sys`, read from its source, as far as the linked OpenSSL has them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, ForeignItem, GenericArgument, Item, Meta, PathArguments, Signature, Type};

/// Types that need no declaration.
const PRIMITIVES: &[&str] = &["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"];

/// A foreign function.
pub(crate) struct Function {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) signature: Signature,
    link_name: Option<String>,
}

impl Function {
    /// Its name in C.
    pub(crate) fn symbol(&self) -> String {
        self.link_name.clone().unwrap_or_else(|| self.signature.ident.to_string())
    }
}

/// Everything declared, for one version of OpenSSL.
#[derive(Default)]
pub(crate) struct Declarations {
    /// The modules, which have the names of the headers.
    pub(crate) headers: Vec<String>,
    pub(crate) functions: Vec<Function>,
    /// Structures without a public field: C knows no size of them either.
    pub(crate) opaque: HashSet<String>,
    /// Aliases of pointers to functions.
    callbacks: HashMap<String, Type>,
    /// The items, for `ctest`.
    items: Vec<Item>,
}

impl Declarations {
    /// Reads every module that `lib.rs` lists.
    pub(crate) fn read(sources: &Path, cfgs: &HashSet<String>) -> Result<Self, Box<dyn Error>> {
        let mut declarations = Self::default();
        let root = parse(&sources.join("lib.rs"))?;
        for item in root.items {
            if let Item::Mod(module) = item
                && enabled(&module.attrs, cfgs)?
            {
                declarations.headers.push(module.ident.to_string());
            }
        }
        for entry in fs::read_dir(sources)? {
            let path = entry?.path();
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if name != "lib" && !declarations.headers.contains(&name) {
                return Err(format!("lib.rs has no module for {}", path.display()).into());
            }
        }
        for header in declarations.headers.clone() {
            let path = sources.join(format!("{header}.rs"));
            for item in parse(&path)?.items {
                declarations.add(item, &path, cfgs).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        Ok(declarations)
    }

    /// All of it as one file that stands by itself, as `ctest` wants it: without modules and conditions, without the
    /// values of constants (which it does not read), and with an empty enum (which it does not look at) for each type
    /// that is declared elsewhere.
    pub(crate) fn flat(&self) -> String {
        let mut named = Names::default();
        let mut text = String::new();
        for item in &self.items {
            let mut item = item.clone();
            named.visit_item_mut(&mut item);
            text.push_str(&item.to_token_stream().to_string());
            text.push('\n');
        }
        for name in named.used.difference(&named.declared) {
            text.push_str(&format!("enum {name} {{}}\n"));
        }
        text
    }

    /// The function pointer behind an alias.
    pub(crate) fn callback(&self, name: &str) -> Option<&Type> {
        self.callbacks.get(name)
    }

    /// The names of the aliases of function pointers.
    pub(crate) fn callbacks(&self) -> HashSet<String> {
        self.callbacks.keys().cloned().collect()
    }

    fn add(&mut self, mut item: Item, file: &Path, cfgs: &HashSet<String>) -> Result<(), Box<dyn Error>> {
        let attributes = match &mut item {
            Item::Const(item) => &mut item.attrs,
            Item::Enum(item) if item.variants.is_empty() => &mut item.attrs,
            Item::ForeignMod(item) => &mut item.attrs,
            Item::Static(item) => &mut item.attrs,
            Item::Struct(item) => &mut item.attrs,
            Item::Type(item) => &mut item.attrs,
            Item::Union(item) => &mut item.attrs,
            Item::Use(_) => return Ok(()),
            other => {
                let line = other.span().start().line;
                return Err(format!("line {line}: declarations only; logic goes to crates/core").into());
            }
        };
        if !enabled(attributes, cfgs)? {
            return Ok(());
        }
        attributes.retain(wanted);
        if let Item::Type(alias) = &item
            && is_callback(&alias.ty)
        {
            self.callbacks.insert(alias.ident.to_string(), alias.ty.as_ref().clone());
        }
        if let Item::Struct(structure) = &item
            && !structure.fields.iter().any(|field| matches!(field.vis, syn::Visibility::Public(_)))
        {
            self.opaque.insert(structure.ident.to_string());
        }
        if let Item::ForeignMod(block) = &mut item {
            let mut kept = Vec::new();
            for mut foreign in std::mem::take(&mut block.items) {
                match &mut foreign {
                    ForeignItem::Fn(function) => {
                        if !enabled(&function.attrs, cfgs)? {
                            continue;
                        }
                        function.attrs.retain(wanted);
                        self.functions.push(Function {
                            file: file.to_owned(),
                            line: function.sig.ident.span().start().line,
                            signature: function.sig.clone(),
                            link_name: link_name(&function.attrs),
                        });
                        // `ctest` knows no `safe fn`.
                        function.sig.safety = syn::Safety::Default;
                    }
                    ForeignItem::Static(variable) => {
                        if !enabled(&variable.attrs, cfgs)? {
                            continue;
                        }
                        variable.attrs.retain(wanted);
                    }
                    other => {
                        let line = other.span().start().line;
                        return Err(format!("line {line}: neither a function nor a static").into());
                    }
                }
                kept.push(foreign);
            }
            block.items = kept;
        }
        self.items.push(item);
        Ok(())
    }
}

/// The names of types in some items; shortens their paths to the name on the way.
#[derive(Default)]
struct Names {
    declared: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl VisitMut for Names {
    fn visit_item_const_mut(&mut self, item: &mut syn::ItemConst) {
        *item.expr = syn::parse_quote!(loop {});
        visit_mut::visit_type_mut(self, &mut item.ty);
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        match item {
            Item::Enum(item) => self.declared.insert(item.ident.to_string()),
            Item::Struct(item) => self.declared.insert(item.ident.to_string()),
            Item::Type(item) => self.declared.insert(item.ident.to_string()),
            Item::Union(item) => self.declared.insert(item.ident.to_string()),
            _ => false,
        };
        visit_mut::visit_item_mut(self, item);
    }

    fn visit_type_path_mut(&mut self, ty: &mut syn::TypePath) {
        if let Some(last) = ty.path.segments.last().cloned() {
            let name = last.ident.to_string();
            if name != "Option" && !PRIMITIVES.contains(&name.as_str()) {
                self.used.insert(name);
            }
            ty.path = last.into();
        }
        visit_mut::visit_type_path_mut(self, ty);
    }
}

fn parse(path: &Path) -> Result<syn::File, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    Ok(syn::parse_file(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Whether an attribute means something to `ctest`.
fn wanted(attribute: &Attribute) -> bool {
    !attribute.path().is_ident("cfg") && !attribute.path().is_ident("doc")
}

fn link_name(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("link_name") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// Whether every `cfg` attribute among these holds.
fn enabled(attributes: &[Attribute], cfgs: &HashSet<String>) -> Result<bool, Box<dyn Error>> {
    for attribute in attributes {
        if attribute.path().is_ident("cfg") && !holds(&attribute.parse_args()?, cfgs)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a condition made of `ossl_X_Y`, `all`, `any` and `not` holds.
fn holds(condition: &Meta, cfgs: &HashSet<String>) -> Result<bool, Box<dyn Error>> {
    let unknown = || format!("a condition that this check does not know: `{}`", condition.to_token_stream());
    match condition {
        Meta::Path(path) => {
            let name = path.require_ident()?.to_string();
            if name.starts_with("ossl_") { Ok(cfgs.contains(&name)) } else { Err(unknown().into()) }
        }
        Meta::List(list) => {
            let inner = list.parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated)?;
            let values = inner.iter().map(|meta| holds(meta, cfgs)).collect::<Result<Vec<bool>, _>>()?;
            match list.path.require_ident()?.to_string().as_str() {
                "all" => Ok(values.iter().all(|value| *value)),
                "any" => Ok(values.iter().any(|value| *value)),
                "not" if values.len() == 1 => Ok(!values[0]),
                _ => Err(unknown().into()),
            }
        }
        Meta::NameValue(_) => Err(unknown().into()),
    }
}

/// Whether this is `fn(...)`, or `Option` of it.
fn is_callback(ty: &Type) -> bool {
    match ty {
        Type::FnPtr(_) => true,
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            last.ident == "Option"
                && matches!(&last.arguments, PathArguments::AngleBracketed(generic)
                    if matches!(generic.args.first(), Some(GenericArgument::Type(inner)) if is_callback(inner)))
        }),
        _ => false,
    }
}
