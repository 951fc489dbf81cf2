/// The daemon's door for its operator: HTTP and JSON on a unix socket, and the metrics' listener.
///
/// Start at [dev.asterism.cli.admin.AdminEndpoints] for what there is to ask, and at
/// [dev.asterism.cli.admin.HttpListener] for how it is bounded. docs/admin.md describes it for
/// clients; [dev.asterism.cli.admin.client.AdminClient] is ours.
@NullMarked
package dev.asterism.cli.admin;

import org.jspecify.annotations.NullMarked;
