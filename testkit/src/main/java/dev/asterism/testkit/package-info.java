/// What tests of every module share.
@NullMarked
package dev.asterism.testkit;

import org.jspecify.annotations.NullMarked;
