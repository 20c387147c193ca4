//! The text of a `daemon.json` as a syntax tree: comments, order, number formats and unknown keys
//! stay as they are.

use crate::{Desired, codes};
use diag::{Failure, Finding, Result, Severity};
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions};

/// UTF-8's byte order mark; dockerd accepts it since release 23.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// One `daemon.json`.
pub(super) struct Document<'a> {
    path: &'a str,
    text: &'a str,
    marked: bool,
    root: CstRootNode,
}

impl<'a> Document<'a> {
    /// Parses JSON in which comments and trailing commas are let pass.
    pub(super) fn parse(path: &'a str, bytes: &'a [u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|cause| {
            Failure::coded(codes::NOT_UTF8, format!("{path} is not UTF-8 from byte {}", cause.valid_up_to()))
        })?;
        let (marked, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let root = CstRootNode::parse(text, &options(true)).map_err(|cause| not_json(path, text, &cause))?;
        let document = Self { path, text, marked, root };
        document.object()?;
        Ok(document)
    }

    /// Registered runtimes with their paths.
    pub(super) fn runtimes(&self) -> Result<Vec<(String, Option<String>)>> {
        let Some(runtimes) = self.table("runtimes")? else { return Ok(Vec::new()) };
        let entry = |property: CstObjectProp| {
            let path = property.object_value().and_then(|entry| text_of(&entry.get("path")?));
            Some((property.decoded_name()?, path))
        };
        Ok(runtimes.properties().into_iter().filter_map(entry).collect())
    }

    /// `default-runtime`.
    pub(super) fn default_runtime(&self) -> Result<Option<String>> {
        let Some(property) = self.property("default-runtime")? else { return Ok(None) };
        match text_of(&property) {
            Some(name) => Ok(Some(name)),
            None if is_null(&property) => Ok(None),
            None => Err(self.wrong_kind("default-runtime", "a string")),
        }
    }

    /// `features.cdi`.
    pub(super) fn cdi(&self) -> Result<Option<bool>> {
        let Some(features) = self.table("features")? else { return Ok(None) };
        let Some(property) = unique(&features, "cdi").map_err(|()| self.duplicate("features.cdi"))? else {
            return Ok(None);
        };
        match property.value().and_then(|value| value.as_boolean_lit()) {
            Some(value) => Ok(Some(value.value())),
            None if is_null(&property) => Ok(None),
            None => Err(self.wrong_kind("features.cdi", "true or false")),
        }
    }

    /// Comments and trailing commas, with which dockerd does not start.
    pub(super) fn findings(&self) -> Vec<Finding> {
        if self.is_blank() {
            return Vec::new();
        }
        let strict = jsonc_parser::parse_to_ast(self.text, &CollectOptions::default(), &options(false));
        let Err(cause) = strict else { return Vec::new() };
        let message = format!(
            "`{}` line {} column {}: {}; dockerd does not start with such a file",
            self.path,
            cause.line_display(),
            cause.column_display(),
            lower_case(&cause.kind().to_string()),
        );
        vec![
            Finding::new(codes::NOT_STRICT_JSON, Severity::Warning, message)
                .help("remove it, and check with `dockerd --validate`"),
        ]
    }

    /// The bytes of the file that says what is wanted; the same bytes when it already does.
    pub(super) fn with(&self, desired: &Desired) -> Result<Vec<u8>> {
        let mark = if self.marked { BYTE_ORDER_MARK } else { "" };
        if self.is_blank() {
            return Ok(format!("{mark}{}", fresh(desired)).into_bytes());
        }
        self.set_default_runtime(desired)?;
        self.set_cdi(desired)?;
        self.set_runtime(desired)?;
        Ok(format!("{mark}{}", self.root).into_bytes())
    }

    fn set_default_runtime(&self, desired: &Desired) -> Result<()> {
        if !desired.set_as_default || self.default_runtime()?.as_ref() == Some(&desired.runtime_name) {
            return Ok(());
        }
        let name = desired.runtime_name.as_str().into();
        match self.property("default-runtime")? {
            Some(property) => property.set_value(name),
            None => drop(self.object()?.append("default-runtime", name)),
        }
        Ok(())
    }

    fn set_cdi(&self, desired: &Desired) -> Result<()> {
        if !desired.enable_cdi || self.cdi()? == Some(true) {
            return Ok(());
        }
        let features = self.table_or_create("features")?;
        match features.get("cdi") {
            Some(property) => property.set_value(true.into()),
            None => drop(features.append("cdi", true.into())),
        }
        Ok(())
    }

    /// An entry that is there keeps its arguments and options and only gets the path, unless it
    /// names a shim by `runtimeType`, which Docker does not allow together with a path.
    fn set_runtime(&self, desired: &Desired) -> Result<()> {
        let runtimes = self.table_or_create("runtimes")?;
        let name = &desired.runtime_name;
        let key = format!("runtimes.{name}");
        let Some(property) = unique(&runtimes, name).map_err(|()| self.duplicate(&key))? else {
            runtimes.append(name, entry(desired));
            return Ok(());
        };
        let Some(old) = property.object_value() else {
            if !is_null(&property) {
                return Err(self.wrong_kind(&key, "an object"));
            }
            property.set_value(entry(desired));
            return Ok(());
        };
        if old.get("runtimeType").is_some() || old.properties().is_empty() {
            property.set_value(entry(desired));
            return Ok(());
        }
        match unique(&old, "path").map_err(|()| self.duplicate(&format!("{key}.path")))? {
            Some(path) if text_of(&path).as_ref() == Some(&desired.runtime_path) => {}
            Some(path) => path.set_value(desired.runtime_path.as_str().into()),
            None => drop(old.append("path", desired.runtime_path.as_str().into())),
        }
        Ok(())
    }

    /// Whether there is nothing in it that anybody wrote: no key, no comment.
    fn is_blank(&self) -> bool {
        let bare: String = self.text.split_whitespace().collect();
        matches!(bare.as_str(), "" | "{}" | "null")
    }

    /// The outermost object; an empty one is made in a file of comments.
    fn object(&self) -> Result<CstObject> {
        if self.root.value().is_some_and(|value| value.as_null_keyword().is_some()) {
            return Ok(self.root.object_value_or_set());
        }
        self.root.object_value_or_create().ok_or_else(|| self.wrong_kind("its outermost value", "an object"))
    }

    fn property(&self, name: &str) -> Result<Option<CstObjectProp>> {
        unique(&self.object()?, name).map_err(|()| self.duplicate(name))
    }

    /// The object below a key; `None` for an absent key and for `null`, which Docker reads as one.
    fn table(&self, name: &str) -> Result<Option<CstObject>> {
        let Some(property) = self.property(name)? else { return Ok(None) };
        match property.object_value() {
            Some(table) => Ok(Some(table)),
            None if is_null(&property) => Ok(None),
            None => Err(self.wrong_kind(name, "an object")),
        }
    }

    fn table_or_create(&self, name: &str) -> Result<CstObject> {
        match (self.table(name)?, self.property(name)?) {
            (Some(table), _) => Ok(table),
            (None, Some(null)) => Ok(null.object_value_or_set()),
            (None, None) => Ok(self.object()?.object_value_or_set(name)),
        }
    }

    fn wrong_kind(&self, key: &str, expected: &str) -> Failure {
        Failure::coded(codes::WRONG_KIND, format!("{}: {key} is not {expected}", self.path))
            .hint("correct the file by hand; it was left as it is")
    }

    fn duplicate(&self, key: &str) -> Failure {
        Failure::coded(codes::DUPLICATE_KEY, format!("{}: {key} appears twice", self.path))
            .hint("keep one of the two; the file was left as it is")
    }
}

/// Strict JSON, or with comments and trailing commas.
fn options(lenient: bool) -> ParseOptions {
    ParseOptions {
        allow_comments: lenient,
        allow_trailing_commas: lenient,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// The property of that name; an error when there are two.
fn unique(object: &CstObject, name: &str) -> std::result::Result<Option<CstObjectProp>, ()> {
    let named = |property: &CstObjectProp| property.decoded_name().as_deref() == Some(name);
    let mut found = object.properties().into_iter().filter(named);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(()),
    }
}

fn text_of(property: &CstObjectProp) -> Option<String> {
    property.value()?.as_string_lit()?.decoded_value().ok()
}

fn is_null(property: &CstObjectProp) -> bool {
    property.value().as_ref().and_then(CstNode::as_null_keyword).is_some()
}

fn entry(desired: &Desired) -> CstInputValue {
    CstInputValue::Object(vec![
        ("args".to_owned(), CstInputValue::Array(Vec::new())),
        ("path".to_owned(), desired.runtime_path.as_str().into()),
    ])
}

/// A whole new file: sorted keys, four blanks.
fn fresh(desired: &Desired) -> String {
    let (name, path) = (json_string(&desired.runtime_name), json_string(&desired.runtime_path));
    let default =
        if desired.set_as_default { format!("    \"default-runtime\": {name},\n") } else { String::new() };
    let features =
        if desired.enable_cdi { "    \"features\": {\n        \"cdi\": true\n    },\n" } else { "" };
    format!(
        "{{\n{default}{features}    \"runtimes\": {{\n        {name}: {{\n            \"args\": [],\n            \
         \"path\": {path}\n        }}\n    }}\n}}\n"
    )
}

/// A JSON string. Control characters were refused before.
fn json_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn not_json(path: &str, text: &str, cause: &ParseError) -> Failure {
    let (line, column) = (cause.line_display(), cause.column_display());
    let shown: String =
        text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().chars().take(80).collect();
    let problem = lower_case(&cause.kind().to_string());
    Failure::coded(codes::NOT_JSON, format!("{path} line {line} column {column}: {problem}: `{shown}`"))
        .hint("correct the file by hand; it was left as it is")
}

fn lower_case(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests;
