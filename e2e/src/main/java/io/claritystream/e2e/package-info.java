/// Journeys through the packaged product in a real browser.
@NullMarked
package io.claritystream.e2e;

import org.jspecify.annotations.NullMarked;
