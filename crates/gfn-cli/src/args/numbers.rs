//! Numbers among options, read and refused as those of experiment files are.

use std::fmt::Display;
use std::ops::RangeInclusive;

use clap::Command;

/// A whole number of a range, for `value_parser`.
pub(super) fn whole<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: TryFrom<i128> + TryInto<i128> + Copy + Display + Send + Sync + 'static,
{
    move |text| gfn_config::whole(text, &range)
}

/// A number, for `value_parser`.
pub(super) fn float(text: &str) -> Result<f64, String> {
    gfn_config::float(text).map_err(|fault| format!("it {}; {}", fault.words(), fault.help()))
}

/// The command with options that take negative numbers, which the parser otherwise takes for options of their own.
pub(crate) fn with_negative_numbers(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let is_option = !argument.is_positional() && argument.get_action().takes_values();
        if is_option {
            argument.allow_negative_numbers(true)
        } else {
            argument
        }
    });
    command.mut_subcommands(with_negative_numbers)
}
