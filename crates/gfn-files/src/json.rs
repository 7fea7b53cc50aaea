//! What is wrong with a JSON text, in words.

use serde_json::Error;
use serde_json::error::Category;

/// What is wrong, to follow the name of a file: "it has no key `format`". Types of this program are not named.
pub fn json_words(error: &Error) -> String {
    let (line, column) = (error.line(), error.column());
    let place = match line {
        0 => String::new(),
        _ => format!(" at line {line}, column {column}"),
    };
    match error.classify() {
        Category::Io => "it cannot be read".into(),
        Category::Eof if (line, column) == (1, 0) => "it is empty".into(),
        Category::Eof => format!("it ends in the middle of its JSON,{place}"),
        Category::Syntax => format!("it is not JSON{place}"),
        Category::Data => {
            let said = error.to_string();
            let key = |before: &str| said.strip_prefix(before)?.split('`').nth(1).map(str::to_string);
            match (key("missing field "), key("unknown field ")) {
                (Some(key), _) => format!("it has no key `{key}`"),
                (_, Some(key)) => format!("it has an unknown key `{key}`"),
                _ => format!("it holds something else than gfn writes there,{place}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        #[allow(dead_code, reason = "only read")]
        format: u32,
    }

    #[test]
    fn no_type_is_named() {
        for (text, words) in [
            ("", "it is empty"),
            ("{", "it ends in the middle of its JSON, at line 1, column 1"),
            ("{]", "it is not JSON at line 1, column 2"),
            ("{}", "it has no key `format`"),
            (r#"{"format": 1, "x": 2}"#, "it has an unknown key `x`"),
            (
                "[\"a\"]",
                "it holds something else than gfn writes there, at line 1, column 4",
            ),
        ] {
            let error = serde_json::from_str::<Table>(text).unwrap_err();
            assert_eq!(json_words(&error), words, "{text}: {error}");
        }
    }
}
