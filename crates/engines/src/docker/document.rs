//! The text of a `daemon.json` as a syntax tree: comments, order, number formats and unknown keys
//! stay as they are.

use super::splice::{self, Json, quoted};
use crate::{Desired, codes};
use diag::{Failure, Finding, Result, Severity};
use jsonc_parser::cst::{CstNode, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions};

/// UTF-8's byte order mark; dockerd accepts it since release 23.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Where a value goes, and the value.
type Change = (Vec<String>, Json);

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

    /// `hosts`: where the daemon listens when its command line does not say.
    pub(super) fn hosts(&self) -> Result<Vec<String>> {
        let list = self.property("hosts")?.and_then(|property| property.array_value());
        let texts = list.into_iter().flat_map(|list| list.elements());
        Ok(texts.filter_map(|node| node.as_string_lit()?.decoded_value().ok()).collect())
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
        let changes =
            [self.default_change(desired)?, self.cdi_change(desired)?, self.runtime_change(desired)?];
        if self.root.object_value().is_none() {
            return Ok(format!("{mark}{}", self.beside_remarks(desired)).into_bytes());
        }
        let mut text = self.text.to_owned();
        for (path, value) in changes.into_iter().flatten() {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let changed = splice::set(&text, &path, &value);
            text = changed.ok_or_else(|| self.wrong_kind(&path.join("."), "where it can be set"))?;
        }
        Ok(format!("{mark}{text}").into_bytes())
    }

    /// A file of remarks, or of remarks and `null`.
    fn beside_remarks(&self, desired: &Desired) -> String {
        let text = self.text.trim_end();
        let text = text.strip_suffix("null").map_or(text, str::trim_end);
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        format!("{text}{end}{}", fresh(desired).replace('\n', end))
    }

    fn default_change(&self, desired: &Desired) -> Result<Option<Change>> {
        let present = self.default_runtime()?;
        let wanted = desired.set_as_default && present.as_ref() != Some(&desired.runtime_name);
        let value = Json::Text(desired.runtime_name.clone());
        Ok(wanted.then(|| (vec!["default-runtime".to_owned()], value)))
    }

    fn cdi_change(&self, desired: &Desired) -> Result<Option<Change>> {
        let wanted = desired.enable_cdi && self.cdi()? != Some(true);
        Ok(wanted.then(|| (vec!["features".to_owned(), "cdi".to_owned()], Json::True)))
    }

    /// An entry that is there keeps its arguments and options and only gets the path, unless it
    /// names a shim by `runtimeType`, which Docker does not allow together with a path.
    fn runtime_change(&self, desired: &Desired) -> Result<Option<Change>> {
        let name = &desired.runtime_name;
        let path = vec!["runtimes".to_owned(), name.clone()];
        let whole = Ok(Some((path.clone(), entry(desired))));
        let key = format!("runtimes.{name}");
        let Some(runtimes) = self.table("runtimes")? else { return whole };
        let Some(property) = unique(&runtimes, name).map_err(|()| self.duplicate(&key))? else {
            return whole;
        };
        let Some(old) = property.object_value() else {
            return if is_null(&property) { whole } else { Err(self.wrong_kind(&key, "an object")) };
        };
        if old.get("runtimeType").is_some() || old.properties().is_empty() {
            return whole;
        }
        let present = unique(&old, "path").map_err(|()| self.duplicate(&format!("{key}.path")))?;
        if present.and_then(|path| text_of(&path)).as_ref() == Some(&desired.runtime_path) {
            return Ok(None);
        }
        let path = path.into_iter().chain(["path".to_owned()]).collect();
        Ok(Some((path, Json::Text(desired.runtime_path.clone()))))
    }

    /// Whether there is nothing in it that anybody wrote: no key, no comment.
    fn is_blank(&self) -> bool {
        let bare: String = self.text.split_whitespace().collect();
        matches!(bare.as_str(), "" | "{}" | "null")
    }

    /// The outermost object; a file of comments, or `null`, has none.
    fn object(&self) -> Result<Option<CstObject>> {
        match (self.root.object_value(), self.root.value()) {
            (Some(object), _) => Ok(Some(object)),
            (None, None) => Ok(None),
            (None, Some(value)) if value.as_null_keyword().is_some() => Ok(None),
            _ => Err(self.wrong_kind("its outermost value", "an object")),
        }
    }

    fn property(&self, name: &str) -> Result<Option<CstObjectProp>> {
        let Some(object) = self.object()? else { return Ok(None) };
        unique(&object, name).map_err(|()| self.duplicate(name))
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
pub(super) fn options(lenient: bool) -> ParseOptions {
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

fn entry(desired: &Desired) -> Json {
    let path = Json::Text(desired.runtime_path.clone());
    Json::Table(vec![("args".to_owned(), Json::EmptyList), ("path".to_owned(), path)])
}

/// A whole new file: sorted keys, four blanks.
fn fresh(desired: &Desired) -> String {
    let (name, path) = (quoted(&desired.runtime_name), quoted(&desired.runtime_path));
    let default =
        if desired.set_as_default { format!("    \"default-runtime\": {name},\n") } else { String::new() };
    let features =
        if desired.enable_cdi { "    \"features\": {\n        \"cdi\": true\n    },\n" } else { "" };
    format!(
        "{{\n{default}{features}    \"runtimes\": {{\n        {name}: {{\n            \"args\": [],\n            \
         \"path\": {path}\n        }}\n    }}\n}}\n"
    )
}

fn not_json(path: &str, text: &str, cause: &ParseError) -> Failure {
    let (line, column) = (cause.line_display(), cause.column_display());
    let shown: String =
        text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().chars().take(80).collect();
    let shown = plan::without_secrets(&shown);
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
