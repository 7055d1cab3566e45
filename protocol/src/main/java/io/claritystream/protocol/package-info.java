/// The wire contract between agent, edge and gateway.
@NullMarked
package io.claritystream.protocol;

import org.jspecify.annotations.NullMarked;
