/// The platform: one modular monolith.
@NullMarked
package io.claritystream;

import org.jspecify.annotations.NullMarked;
