/// Texts that people read, fit to be kept and shown.
@NullMarked
package io.claritystream.protocol.text;

import org.jspecify.annotations.NullMarked;
