/// Load generators and measurements: `./clarity bench NAME`.
///
/// Each measurement starts an installation of its own in a temporary place, by the same command
/// that a person types, loads it from outside as a customer would, and takes it away again, also
/// when it is interrupted. Load follows a fixed schedule, and latencies count from when something
/// was due, so that a stall counts against all that waited for it. Warming up is not measured.
///
/// What a process used is what the kernel says of it ({@link io.claritystream.bench.Processes}).
@NullMarked
package io.claritystream.bench;

import org.jspecify.annotations.NullMarked;
