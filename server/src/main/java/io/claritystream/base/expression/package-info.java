/// The mapping language of workflows: JSONata, read and evaluated here and nowhere else, so that
/// what a preview shows is what runs.
///
/// [Expressions] reads a source, [Expression] evaluates it over plain JSON. The evaluator is our
/// own because every part of it has to count what it does: whoever may write an expression may
/// write a hostile one, and it ends by the budget of [Limits] wherever it spends its time, in a
/// function of the language, too. Regular expressions are RE2J's. Nothing of Java can be reached,
/// and there is no `$eval`. Time and chance are what the [Moment] says.
///
/// Owns no tables.
@ApplicationModule(
    id = "base.expression",
    allowedDependencies = {"base.db", "base.http", "base.process"})
@NullMarked
package io.claritystream.base.expression;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
