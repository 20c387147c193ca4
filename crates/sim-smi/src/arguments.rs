//! What the command line asks for.

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The table.
    Table,
    /// `-L`: one line for each device.
    List,
    /// `--query-gpu`: chosen fields of each GPU as CSV.
    Query { fields: Vec<String>, header: bool, units: bool },
    /// `--version`.
    Version,
    /// `-h`.
    Help,
}

/// The request, and the GPU to which `-i` narrows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) request: Request,
    pub(crate) id: Option<String>,
}

/// Parses the words after the program's name; the error is the message to show.
pub(crate) fn parse(words: &[String]) -> Result<Arguments, String> {
    let mut words = words.iter();
    let (mut request, mut id, mut query, mut format) = (Request::Table, None, None, None);
    while let Some(word) = words.next() {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        let mut value = || {
            let value = value.map(str::to_owned).or_else(|| words.next().cloned());
            value.ok_or_else(|| format!("Option {name} requires an argument."))
        };
        match name {
            "-L" | "--list-gpus" => request = Request::List,
            "-h" | "--help" => request = Request::Help,
            "--version" => request = Request::Version,
            "-i" | "--id" => id = Some(value()?),
            "--query-gpu" => query = Some(value()?),
            "--format" => format = Some(value()?),
            _ => return Err(format!("Option {word} is not recognized. Please run 'nvidia-smi -h'.")),
        }
    }
    match (query, format) {
        (None, _) => {}
        (Some(_), None) => return Err("--query-gpu also needs --format=csv[,noheader][,nounits].".into()),
        (Some(query), Some(format)) => request = csv(&query, &format)?,
    }
    Ok(Arguments { request, id })
}

fn csv(query: &str, format: &str) -> Result<Request, String> {
    let (mut header, mut units, mut csv) = (true, true, false);
    for word in format.split(',').map(str::trim) {
        match word {
            "csv" => csv = true,
            "noheader" => header = false,
            "nounits" => units = false,
            _ => return Err(format!("Format \"{word}\" is not csv, noheader or nounits.")),
        }
    }
    if !csv {
        return Err("--format must name csv.".into());
    }
    let fields = query.split(',').map(|field| field.trim().to_owned()).collect();
    Ok(Request::Query { fields, header, units })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Arguments, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn both_spellings_of_an_option_are_known() {
        let list = Arguments { request: Request::List, id: Some("1".into()) };
        assert_eq!(check("-L -i 1"), Ok(list.clone()));
        assert_eq!(check("--list-gpus --id=1"), Ok(list));
        assert_eq!(check(""), Ok(Arguments { request: Request::Table, id: None }));
    }

    #[test]
    fn a_query_is_its_fields_and_its_format() {
        let fields = vec!["name".to_owned(), "uuid".to_owned()];
        let expected = Request::Query { fields, header: false, units: true };
        let got = check("--query-gpu=name,uuid --format=csv,noheader").map(|got| got.request);
        assert_eq!(got, Ok(expected.clone()));
        let got = check("--format csv,noheader --query-gpu name,uuid").map(|got| got.request);
        assert_eq!(got, Ok(expected));
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        let cases = [
            ("--frobnicate", "not recognized"),
            ("--query-gpu=name", "--format=csv"),
            ("--query-gpu=name --format=xml", "xml"),
            ("--query-gpu=name --format=noheader", "must name csv"),
            ("-i", "requires an argument"),
        ];
        for (line, expected) in cases {
            let message = check(line).unwrap_err();
            assert!(message.contains(expected), "{line}: {message}");
        }
    }
}
