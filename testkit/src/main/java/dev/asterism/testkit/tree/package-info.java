/// Two trees, compared in every attribute that a container can see.
///
/// Start at [dev.asterism.testkit.tree.TreeListing#of]: child processes read the tree, never this
/// one, so a mount that this process serves can be compared without a deadlock.
@NullMarked
package dev.asterism.testkit.tree;

import org.jspecify.annotations.NullMarked;
