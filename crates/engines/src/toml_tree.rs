//! TOML as data: what a file says, without its layout, and one canonical layout for files that are
//! wholly ours: sorted keys, a blank line before each table, two blanks for each level.

use crate::codes;
use diag::{Failure, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use toml_edit::{Array, Document, InlineTable, Item, Key, TableLike, TomlError, Value};

/// UTF-8's byte order mark.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table.
pub(crate) type Tree = BTreeMap<String, Node>;

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A table, however it was written.
    Table(Tree),
    /// Any other value, as TOML on one line.
    Value(String),
}

impl Node {
    /// A string.
    pub(crate) fn text(text: &str) -> Self {
        Self::Value(Value::from(text).to_string())
    }

    /// A list of strings.
    pub(crate) fn texts(texts: &[&str]) -> Self {
        Self::Value(array(&texts.iter().copied().collect()))
    }

    /// The text of a string; `None` for everything else.
    pub(crate) fn as_text(&self) -> Option<String> {
        match self {
            Self::Value(value) => value.parse::<Value>().ok()?.as_str().map(str::to_owned),
            Self::Table(_) => None,
        }
    }
}

/// Bytes as text in UTF-8, without the mark that some editors put before it.
pub(crate) fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str> {
    let text = std::str::from_utf8(bytes).map_err(|cause| {
        Failure::coded(codes::NOT_UTF8, format!("{path} is not UTF-8 from byte {}", cause.valid_up_to()))
    })?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

/// What a file says.
///
/// # Errors
/// Text that is not TOML, with line, column and the line itself.
pub(crate) fn read(path: &str, bytes: &[u8]) -> Result<Tree> {
    let text = text(path, bytes)?;
    Ok(tree(document(path, text)?.as_table()))
}

/// The file with the places of everything in it.
pub(crate) fn document<'a>(path: &str, text: &'a str) -> Result<Document<&'a str>> {
    Document::parse(text).map_err(|cause| not_toml(path, text, &cause))
}

/// The table below a path of keys; `None` when there is none.
///
/// # Errors
/// Something else stands there.
pub(crate) fn table<'a>(file: &str, root: &'a Tree, path: &[&str]) -> Result<Option<&'a Tree>> {
    let mut at = root;
    for (depth, key) in path.iter().enumerate() {
        at = match at.get(*key) {
            None => return Ok(None),
            Some(Node::Table(table)) => table,
            Some(Node::Value(_)) => {
                let path = path.get(..=depth).unwrap_or(path);
                return Err(wrong_kind(file, &dotted(path), "a table"));
            }
        };
    }
    Ok(Some(at))
}

/// The table below a path of keys, made where it is missing. What is in the way is replaced: callers
/// look with [`table`] first.
pub(crate) fn table_mut<'a>(root: &'a mut Tree, path: &[&str]) -> &'a mut Tree {
    let Some((key, rest)) = path.split_first() else { return root };
    let node = root.entry((*key).to_owned()).or_insert_with(|| Node::Table(Tree::new()));
    if matches!(node, Node::Value(_)) {
        *node = Node::Table(Tree::new());
    }
    match node {
        Node::Table(table) => table_mut(table, rest),
        Node::Value(_) => unreachable!("it was made a table"),
    }
}

/// The text of a file that says this.
pub(crate) fn write(root: &Tree) -> String {
    let mut out = String::new();
    write_table(&mut out, root, "", 0);
    out
}

/// Keys as they stand between the brackets of a table's header.
pub(crate) fn dotted(path: &[&str]) -> String {
    path.iter().map(|key| Key::new(*key).display_repr().into_owned()).collect::<Vec<_>>().join(".")
}

/// The strings of a list on one line.
pub(crate) fn texts_of(list: &str) -> Vec<String> {
    let value = list.parse::<Value>().ok();
    let array = value.as_ref().and_then(Value::as_array);
    array.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A failure about a key of a file.
pub(crate) fn wrong_kind(file: &str, key: &str, expected: &str) -> Failure {
    Failure::coded(codes::WRONG_KIND, format!("{file}: {key} is not {expected}"))
        .hint("correct the file by hand; it was left as it is")
}

/// Headers of the tables in this one stand `depth` blanks from the margin, and so do its values.
fn write_table(out: &mut String, table: &Tree, path: &str, depth: usize) {
    for (key, node) in table {
        if let Node::Value(value) = node {
            out.push_str(&format!("{:depth$}{} = {value}\n", "", dotted(&[key])));
        }
    }
    for (key, node) in table {
        if let Node::Table(inner) = node {
            let key = dotted(&[key]);
            let path = if path.is_empty() { key } else { format!("{path}.{key}") };
            out.push_str(&format!("\n{:depth$}[{path}]\n", ""));
            write_table(out, inner, &path, depth + 2);
        }
    }
}

fn tree(table: &dyn TableLike) -> Tree {
    let node = |item: &Item| match (item.as_table_like(), item) {
        (Some(inner), _) => Node::Table(tree(inner)),
        (None, Item::ArrayOfTables(tables)) => Node::Value(array(&tables.clone().into_array())),
        (None, item) => Node::Value(item.as_value().map(value).unwrap_or_default()),
    };
    table.iter().map(|(key, item)| (key.to_owned(), node(item))).collect()
}

/// A value on one line: comments and line breaks between its parts are layout.
fn value(of: &Value) -> String {
    match of {
        Value::String(text) => Value::from(text.value().as_str()).to_string(),
        Value::Array(values) => array(values),
        Value::InlineTable(table) => inline(table),
        scalar => scalar.clone().decorated("", "").to_string(),
    }
}

fn array(values: &Array) -> String {
    format!("[{}]", values.iter().map(value).collect::<Vec<_>>().join(", "))
}

fn inline(table: &InlineTable) -> String {
    let pairs: Vec<String> =
        table.iter().map(|(key, of)| format!("{} = {}", dotted(&[key]), value(of))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

fn not_toml(path: &str, text: &str, cause: &TomlError) -> Failure {
    let (line, column) = place(text, cause.span());
    let shown: String =
        text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().chars().take(80).collect();
    let shown = plan::without_secrets(&shown);
    let problem = cause.message().lines().collect::<Vec<_>>().join(", ");
    Failure::coded(codes::NOT_TOML, format!("{path} line {line} column {column}: {problem}: `{shown}`"))
        .hint("correct the file by hand; it was left as it is")
}

/// Line and column, both from 1.
fn place(text: &str, span: Option<Range<usize>>) -> (usize, usize) {
    let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
