//! As much JSON as parameters and descriptions need: a reader, and quotation marks.

use std::iter::Peekable;
use std::str::CharIndices;

/// How deep arrays and objects may be nested; nothing that crosses the border comes near.
const DEEPEST: usize = 64;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written, so that integers of 64 bits stay exact.
    Number(String),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, its members in order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a value.
    ///
    /// # Errors
    /// What is wrong, and at which byte.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            text,
            rest: text.char_indices().peekable(),
        };
        let value = reader.value(0)?;
        reader.skip_space();
        match reader.rest.peek() {
            None => Ok(value),
            Some(_) => Err(reader.wrong("something follows the value")),
        }
    }

    /// The member `name` of an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, where this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where this is one of the wanted type.
    pub fn as_number<N: std::str::FromStr>(&self) -> Option<N> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Array(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("{}: {value}", quoted(name)));
                write!(f, "{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A text as JSON, with its quotation marks.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            other if other < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn wrong(&mut self, what: &str) -> String {
        let at = self.rest.peek().map_or(self.text.len(), |&(at, _)| at);
        format!("not JSON at byte {at}: {what}")
    }

    fn skip_space(&mut self) {
        while self
            .rest
            .next_if(|(_, c)| matches!(c, ' ' | '\t' | '\n' | '\r'))
            .is_some()
        {}
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.rest.next_if(|&(_, c)| c == wanted).is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err(self.wrong("nested too deep"));
        }
        self.skip_space();
        match self.rest.peek() {
            Some((_, '{')) => self.object(depth),
            Some((_, '[')) => self.array(depth),
            Some((_, '"')) => Ok(Json::Text(self.string()?)),
            Some((_, c)) if c.is_ascii_digit() || *c == '-' => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        let mut members = Vec::new();
        self.rest.next();
        if self.takes('}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            if !self.takes(':') {
                return Err(self.wrong("`:` is missing"));
            }
            members.push((name, self.value(depth + 1)?));
            if self.takes('}') {
                return Ok(Json::Object(members));
            }
            if !self.takes(',') {
                return Err(self.wrong("`,` or `}` is missing"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, String> {
        let mut values = Vec::new();
        self.rest.next();
        if self.takes(']') {
            return Ok(Json::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.takes(']') {
                return Ok(Json::Array(values));
            }
            if !self.takes(',') {
                return Err(self.wrong("`,` or `]` is missing"));
            }
        }
    }

    /// The characters from here on that satisfy the condition.
    fn run(&mut self, wanted: impl Fn(char) -> bool) -> String {
        std::iter::from_fn(|| self.rest.next_if(|&(_, c)| wanted(c)).map(|(_, c)| c)).collect()
    }

    fn number(&mut self) -> Result<Json, String> {
        let text = self.run(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
        match text.parse::<f64>() {
            Ok(_) => Ok(Json::Number(text)),
            Err(_) => Err(self.wrong(&format!("`{text}` is not a number"))),
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        match self.run(|c| c.is_ascii_alphabetic()).as_str() {
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            "null" => Ok(Json::Null),
            other => Err(self.wrong(&format!("no value begins with `{other}`"))),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        if !self.takes('"') {
            return Err(self.wrong("`\"` is missing"));
        }
        let mut text = String::new();
        loop {
            match self.rest.next().map(|(_, c)| c) {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some(c) if c >= ' ' => text.push(c),
                _ => return Err(self.wrong("a text has no end")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        match self.rest.next().map(|(_, c)| c) {
            Some('u') => {
                let high = self.unit()?;
                let low = match high {
                    0xD800..0xDC00 if self.takes('\\') && self.takes('u') => Some(self.unit()?),
                    _ => None,
                };
                let decoded = char::decode_utf16([high].into_iter().chain(low)).next();
                decoded
                    .and_then(Result::ok)
                    .ok_or_else(|| self.wrong("half a character"))
            }
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some(c @ ('"' | '\\' | '/')) => Ok(c),
            _ => Err(self.wrong("an unknown escape")),
        }
    }

    fn unit(&mut self) -> Result<u16, String> {
        let digits: String = (0..4).filter_map(|_| self.rest.next().map(|(_, c)| c)).collect();
        u16::from_str_radix(&digits, 16).map_err(|_| self.wrong("`\\u` wants four hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written() {
        let text = r#" { "a" : [1, -2.5e3, 18446744073709551615], "b\n\"": "x\u00e9\ud83d\ude00\\",
                        "c": null, "d": true, "e": {} } "#;
        let value = Json::read(text).unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"a": [1, -2.5e3, 18446744073709551615], "b\n\"": "xé😀\\", "c": null, "d": true, "e": {}}"#
        );
        assert_eq!(Json::read(&value.to_string()), Ok(value.clone()));
        let Some(Json::Array(numbers)) = value.member("a") else {
            panic!("an array")
        };
        assert_eq!(numbers[2].as_number(), Some(u64::MAX));
        assert_eq!(numbers[1].as_number(), Some(-2500.0));
        assert_eq!(numbers[1].as_number::<u64>(), None);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, wrong) in [
            ("", "at byte 0: no value begins with ``"),
            ("{\"a\" 1}", "at byte 5: `:` is missing"),
            ("[1 2]", "at byte 3: `,` or `]` is missing"),
            ("{} x", "at byte 3: something follows the value"),
            ("\"a", "at byte 2: a text has no end"),
            ("\"\\x\"", "at byte 3: an unknown escape"),
            ("\"\\ud800\"", "half a character"),
            ("\"\\u12\"", "four hexadecimal digits"),
            ("1-2", "`1-2` is not a number"),
            ("nul", "no value begins with `nul`"),
        ] {
            let told = Json::read(text).unwrap_err();
            assert!(told.contains(wrong), "{text}: {told}");
        }
        assert!(
            Json::read(&"[".repeat(100_000))
                .unwrap_err()
                .contains("nested too deep")
        );
    }
}
