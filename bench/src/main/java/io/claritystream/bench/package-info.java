/// Load generators and measurements.
@NullMarked
package io.claritystream.bench;

import org.jspecify.annotations.NullMarked;
