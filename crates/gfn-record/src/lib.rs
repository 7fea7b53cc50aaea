//! What a run writes: its events and the layout of its folder.
