//! Instances made from texts that are no parameters, with little room to complain.

use gfn_plugin_sdk::abi;
use serde_json::Value;

use super::Order;
use super::raw::{CANARY, Creation, Maker};
use crate::checker::report::{Finding, Problem, fail, skip};

/// Room for an error's text that is enough.
const ENOUGH: usize = 4096;

/// Texts that are no parameters do no harm, and where they are refused there is a reason.
pub(super) fn malformed(maker: &Maker, order: &Order) -> Finding {
    let texts = texts(&order.parameters);
    let mut taken = 0;
    for text in &texts {
        let made = maker.make_with(text, ENOUGH);
        check(&made, ENOUGH, text)?;
        taken += usize::from(made.reward.is_some());
    }
    Ok(match taken {
        0 => format!(
            "{} texts that are no parameters are refused, with a reason",
            texts.len()
        ),
        taken => format!(
            "{} texts that are no parameters do no harm; {taken} of them are taken",
            texts.len()
        ),
    })
}

/// An error's text keeps to its room, whatever that is.
pub(super) fn error_room(maker: &Maker, order: &Order) -> Finding {
    let texts = texts(&order.parameters);
    let refused: Vec<&String> = texts
        .iter()
        .filter(|text| maker.make_with(text, ENOUGH).reward.is_none())
        .collect();
    let Some(text) = refused.first() else {
        return skip("nothing that was tried made it refuse to start");
    };
    let sizes = [0, 1, 2, 3, 7, 16, 64];
    for capacity in sizes {
        check(&maker.make_with(text, capacity), capacity, text)?;
    }
    Ok("errors keep to rooms of 0 to 64 bytes".to_string())
}

/// The room was kept to; where there is an error, there is a text with an end, or no room for one.
fn check(made: &Creation, capacity: usize, given: &str) -> Result<(), Problem> {
    let place = format!("with {given} as parameters, and room for an error of {capacity} bytes");
    if !made.is_intact {
        return fail(format!("{place}: `create` wrote outside of the room"));
    }
    if made.code == abi::OK || capacity == 0 {
        return Ok(());
    }
    let Some(end) = made.error.iter().position(|byte| *byte == 0) else {
        return fail(match made.error.iter().all(|byte| *byte == CANARY) {
            true => format!("{place}: `create` returned {} without a reason", made.code),
            false => format!("{place}: the text of the error has no NUL at its end"),
        });
    };
    match std::str::from_utf8(&made.error[..end]) {
        Ok(text) if text.trim().is_empty() && capacity > 3 => {
            fail(format!("{place}: the text of the error is empty"))
        }
        Ok(_) => Ok(()),
        // A text that was cut to fit may end within a character.
        Err(error) if error.error_len().is_none() && end + 1 == capacity => Ok(()),
        Err(_) => fail(format!("{place}: the text of the error is not UTF-8")),
    }
}

/// Texts that no host sends: no JSON, no object, and for every parameter values that JSON does not have.
fn texts(complete: &Value) -> Vec<String> {
    let fixed = [
        "",
        "{",
        "}",
        "[]",
        "null",
        "\"text\"",
        "{\"a\":",
        "{\"no-such-parameter\": 1}",
    ];
    let names = complete
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys());
    let values = ["NaN", "1e999", "-1e999", "\"\\ud800\"", "[[[[]]]]"];
    let members = names.flat_map(|name| {
        let name = Value::String(name.clone());
        values.map(|value| format!("{{{name}: {value}}}"))
    });
    fixed.into_iter().map(str::to_string).chain(members).collect()
}
