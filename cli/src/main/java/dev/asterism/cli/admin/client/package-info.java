/// How the commands ask a running daemon, over its admin socket.
@NullMarked
package dev.asterism.cli.admin.client;

import org.jspecify.annotations.NullMarked;
