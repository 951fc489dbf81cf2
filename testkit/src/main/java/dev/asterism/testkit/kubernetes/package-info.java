/// As much of Kubernetes as a node's credentials need: start at
/// [dev.asterism.testkit.kubernetes.ApiServer].
@NullMarked
package dev.asterism.testkit.kubernetes;

import org.jspecify.annotations.NullMarked;
