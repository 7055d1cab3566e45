/// The connector agent: captures changes at the customer's site and streams them out.
@NullMarked
package io.claritystream.agent;

import org.jspecify.annotations.NullMarked;
