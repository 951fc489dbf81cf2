/// JMH benchmarks of single steps: `./dev bench jmh`.
@NullMarked
package dev.asterism.bench.micro;

import org.jspecify.annotations.NullMarked;
