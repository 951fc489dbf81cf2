package dev.asterism.layers;

import java.time.Duration;

/// How a call has waited for a chunk. Immutable.
///
/// @param time how long
/// @param came whether the chunk came; else the call failed or asks another layer
/// @param cause what most of the time was for
/// @param requests of the chunk that it waited for, one after the other: its round trips
record CallWait(Duration time, boolean came, WaitCause cause, int requests) {}
