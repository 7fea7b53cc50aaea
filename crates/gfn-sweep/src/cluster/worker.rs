//! A worker that is an element of an array.

use gfn_cluster::slurm::own_element;

use crate::SweepError;
use crate::board::Board;
use crate::cluster::{Launcher, client};

/// Puts the element that this process is back into Slurm's queue, so that it goes on when there is time again; its name, or none
/// where this is no element of Slurm's.
///
/// # Errors
/// Where Slurm refuses, or cannot be asked.
pub fn requeue(board: &Board) -> Result<Option<String>, SweepError> {
    let Some(element) = own_element(|name| std::env::var(name).ok()) else {
        return Ok(None);
    };
    let Launcher::Slurm(settings) = Launcher::of(&board.plan.sweep) else {
        return Ok(None);
    };
    client(&settings).requeue(&element)?;
    Ok(Some(element))
}
