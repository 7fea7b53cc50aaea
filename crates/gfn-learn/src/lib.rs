//! Everything that is a tensor: networks, optimiser, weights, devices.
