//! Plugins in processes of their own.

mod approved;
mod capture;
mod child;
mod end;
mod frames;
mod lines;
mod live;
mod seat;
mod spawner;
mod trial;
mod wait;

pub(crate) use approved::Approved;
pub(crate) use seat::{Blueprint, Seat};
pub(crate) use trial::ask;
