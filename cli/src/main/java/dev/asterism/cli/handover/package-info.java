/// What becomes of the gate between two daemons: a service manager or a small process holds its
/// descriptors. `Handover` chooses; start there.
@NullMarked
package dev.asterism.cli.handover;

import org.jspecify.annotations.NullMarked;
