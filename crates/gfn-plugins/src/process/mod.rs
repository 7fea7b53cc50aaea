//! Plugins in processes of their own.

mod advice;
mod answers;
mod capture;
mod child;
mod copy;
mod end;
mod environment;
mod frames;
mod lines;
mod live;
mod sealed;
mod seat;
mod spawner;
mod trial;
mod wait;

pub(crate) use sealed::seal;
pub(crate) use seat::{Blueprint, ProcessSlot};
pub(crate) use trial::ask;
