/// Small files of the agent's data directory, written so that a crash leaves the old one or the new
/// one, and readable by nobody else.
@NullMarked
package io.claritystream.agent.files;

import org.jspecify.annotations.NullMarked;
