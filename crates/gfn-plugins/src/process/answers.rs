//! How the words of a plugin are read: the same in both protocols, and forgiving where one object is concerned.

use serde_json::Value;

use super::wait::Lost;
use crate::batch::Scores;
use crate::error::{cleaned, cut};
use crate::protocol::{COUNT, Reply};
use crate::regions::{NO_NUMBER, Reasons, consistent, miscounted, not_finite};

/// The word for a reward of 0.
const ZERO: &str = "zero";

/// The most of a number that a reason shows, in bytes.
const MAX_SHOWN: usize = 40;

/// The most of an answer that a message shows, in bytes.
const MAX_ANSWER: usize = 200;

/// The kinds of messages that a command answers with.
const KINDS: [&str; 8] = [
    "confined", "ready", "scored", "blocks", "spec", "answered", "text", "error",
];

/// Reads an answer. Some writers of JSON put words in place of what is no number, numbers without end, or halves of
/// characters; only the object that has one suffers.
pub(super) fn reply(answer: &[u8]) -> Result<Reply, Lost> {
    serde_json::from_slice(answer)
        .or_else(|error| serde_json::from_slice(&mended(answer)).map_err(|_| error))
        .map_err(|error| nonsense(answer, &error))
}

/// What an answer that cannot be understood looks like.
fn nonsense(answer: &[u8], error: &serde_json::Error) -> Lost {
    let text = String::from_utf8_lossy(answer);
    let shown = cut(&cleaned(&text), MAX_ANSWER);
    Lost::Wrong(format!("answered `{shown}`, which is not understood: {error}"))
}

/// What a request other than a batch is refused with.
pub(super) fn refused(kind: &str, message: String) -> Lost {
    Lost::Refused(match kind {
        COUNT => miscounted(&message),
        _ => message,
    })
}

/// What was printed in a line, and the answer in it, if there is one: somebody may have printed without ending the line.
pub(super) fn sorted(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mark = b"{\"type\":";
    let at = line.windows(mark.len()).position(|window| window == mark);
    let at = at.or_else(|| {
        let start = line.iter().position(|byte| *byte == b'{')?;
        is_answer(&line[start..]).then_some(start)
    });
    match at {
        Some(start) => (&line[..start], Some(&line[start..])),
        None => (line, None),
    }
}

/// Whether a text is an answer whose members are in another order, or spaced in another way.
fn is_answer(text: &[u8]) -> bool {
    let name = b"\"type\"";
    if !text.windows(name.len()).any(|window| window == name) {
        return false;
    }
    let read: Result<Value, _> =
        serde_json::from_slice(text).or_else(|_| serde_json::from_slice(&mended(text)));
    read.is_ok_and(|value| value["type"].as_str().is_some_and(|kind| KINDS.contains(&kind)))
}

/// The text with what is no JSON, or no number of 64 bits, in quotes; and without halves of characters within strings.
fn mended(text: &[u8]) -> Vec<u8> {
    let (mut mended, mut rest) = (Vec::with_capacity(text.len() + 64), text);
    let mut in_string = false;
    while let Some(first) = rest.first() {
        let (taken, instead) = match (in_string, *first) {
            (true, b'\\') => escape(rest),
            (false, _) => outside(rest),
            (true, _) => (1, None),
        };
        in_string ^= *first == b'"';
        match instead {
            Some(instead) => mended.extend_from_slice(&instead),
            None => mended.extend_from_slice(&rest[..taken]),
        }
        rest = &rest[taken..];
    }
    mended
}

/// What an escape within a string is replaced by: half of a character by the mark for what is no character.
fn escape(rest: &[u8]) -> (usize, Option<Vec<u8>>) {
    let Some(half) = surrogate(rest) else {
        return (rest.len().min(2), None);
    };
    let is_whole = (0xd800..0xdc00).contains(&half)
        && surrogate(&rest[6..]).is_some_and(|second| (0xdc00..0xe000).contains(&second));
    match is_whole {
        true => (12, None),
        false => (6, Some(b"\\ufffd".to_vec())),
    }
}

/// The number of an escape such as `\ud800`, if it is half of a character.
fn surrogate(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xd800..0xe000).contains(&number).then_some(number)
}

/// What a word or number outside of strings is replaced by.
fn outside(rest: &[u8]) -> (usize, Option<Vec<u8>>) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length = rest.iter().take_while(|byte| is_part(byte)).count();
    let word = std::str::from_utf8(&rest[..length]).unwrap_or_default();
    match word.parse::<f64>() {
        // Rust reads `nan` and `inf` too, in any case.
        Ok(number) if !number.is_finite() => (length, Some(format!("\"{word}\"").into_bytes())),
        _ => (length.max(1), None),
    }
}

/// What an answer's log-rewards and failures come to.
pub(super) fn scores(
    count: usize,
    log_reward: &[Value],
    failures: Vec<(i64, String)>,
) -> Result<Scores, Lost> {
    if log_reward.len() != count {
        let said = log_reward.len();
        let objects = if count == 1 { "object" } else { "objects" };
        return Err(Lost::Refused(miscounted(&format!(
            "{said} for {count} {objects}"
        ))));
    }
    let score = |index: usize| {
        let value = &log_reward[index];
        let has_score = value.is_number() || value.as_str() == Some(ZERO);
        has_score.then(|| {
            let shown = cut(&cleaned(&value.to_string()), MAX_SHOWN);
            format!("the log-reward {shown}")
        })
    };
    consistent(count, score, &failures, "the log-reward null, or no failure").map_err(Lost::Wrong)?;
    let mut reasons = Reasons::new(failures);
    let mut scores = Scores::default();
    for (index, value) in log_reward.iter().enumerate() {
        scores.push(match value {
            Value::Null => Err(reasons.of(index)),
            Value::String(word) if word == ZERO => Ok(f64::NEG_INFINITY),
            Value::String(word) => Err(of_word(word)),
            value => value.as_f64().ok_or_else(|| no_number(value)),
        });
    }
    Ok(scores)
}

/// What is said of a word in place of a log-reward.
fn of_word(word: &str) -> String {
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => no_number(&Value::from(word)),
        Ok(_) if word.bytes().any(|byte| byte.is_ascii_digit()) => {
            let shown = cut(&cleaned(word), MAX_SHOWN);
            format!("{NO_NUMBER} {shown}, which is beyond what a number of 64 bits holds")
        }
        Ok(number) => not_finite(number),
        Err(_) => no_number(&Value::from(word)),
    }
}

fn no_number(value: &Value) -> String {
    let shown = cut(&cleaned(&value.to_string()), MAX_SHOWN);
    format!("{NO_NUMBER} {shown}: neither a number, nor null, nor \"{ZERO}\"")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_told_from_what_is_printed() {
        let whole = |text: &'static [u8]| (&b""[..], Some(text));
        assert_eq!(sorted(b"loading ..."), (&b"loading ..."[..], None));
        assert_eq!(sorted(b"{\"type\": 1}"), whole(b"{\"type\": 1}"));
        assert_eq!(
            sorted(b"50 %{\"type\": 1}"),
            (&b"50 %"[..], Some(&b"{\"type\": 1}"[..]))
        );
        // Writers that sort members, or put blanks between.
        for text in [
            &b"{\"batch\":1,\"log_reward\":[NaN],\"type\":\"scored\"}"[..],
            b"{ \"type\" : \"ready\" }\r\n",
        ] {
            assert_eq!(sorted(text), (&b""[..], Some(text)));
        }
        for printed in [
            &b"{'type': 'scored'}"[..],
            b"{\"a\": \"type\"}",
            b"{\"kind\":1,\"type\":\"log\"}",
        ] {
            assert_eq!(sorted(printed), (printed, None));
        }
    }

    #[test]
    fn what_is_no_number_is_the_failure_of_one_object() {
        let long = format!("1{}", "0".repeat(400));
        let answer = format!(
            r#"{{"type": "scored", "batch": 1, "failures": [[3, "NaN \"Infinity\ud800\ud83d\ude00"]],
            "log_reward": [NaN, -Infinity, 1.5, null, "zero", true, {long}, -1E999, "1.5", [2], 1e30]}}"#
        );
        let Reply::Scored {
            failures, log_reward, ..
        } = reply(answer.as_bytes()).unwrap()
        else {
            panic!("not scores")
        };
        let scores = scores(11, &log_reward, failures).unwrap();
        let reason = |index: usize| {
            let failure = scores.failures.iter().find(|failure| failure.index == index);
            failure.map_or("", |failure| failure.reason.as_str())
        };
        for (index, part) in [
            (0, "NaN"),
            (1, "-inf"),
            (3, "NaN \"Infinity\u{fffd}\u{1f600}"),
            (5, "true: neither a number"),
            (6, "1000"),
            (6, "64 bits"),
            (7, "-1E999, which is beyond"),
            (8, "\"1.5\": neither a number"),
            (9, "[2]: neither a number"),
        ] {
            assert!(reason(index).contains(part), "{index}: {}", reason(index));
            assert!(reason(index).len() < 200, "{}", reason(index));
        }
        assert_eq!(scores.failures.len(), 8);
        assert_eq!((scores.log_reward[2], scores.log_reward[10]), (1.5, 1e30));
        assert_eq!(scores.log_reward[4], f64::NEG_INFINITY);
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_wrong() {
        let two = [json!(1.5), json!("zero"), json!(null)];
        for (index, part) in [
            (0, "object 0 has the log-reward 1.5, and that it failed"),
            (1, "object 1 has the log-reward \"zero\", and that it failed"),
            (3, "object 3 failed, in a batch of 3 objects"),
            (-1, "object -1 failed, in a batch of 3 objects"),
        ] {
            let answer =
                json!({"type": "scored", "batch": 1, "log_reward": two, "failures": [[index, "why"]]});
            let Reply::Scored { failures, .. } = reply(answer.to_string().as_bytes()).unwrap() else {
                panic!("not scores")
            };
            match scores(3, &two, failures) {
                Err(Lost::Wrong(message)) => assert!(message.contains(part), "{message}"),
                other => panic!("{index}: {other:?}"),
            }
        }
        assert_eq!(
            scores(3, &two, vec![(2, "why".into())]).unwrap().failures[0].reason,
            "why"
        );
    }

    #[test]
    fn as_many_answers_as_objects_are_wanted() {
        let Err(Lost::Refused(message)) = scores(2, &[json!(1.0)], Vec::new()) else {
            panic!("taken")
        };
        assert!(message.contains("1 for 2 objects"), "{message}");
    }
}
