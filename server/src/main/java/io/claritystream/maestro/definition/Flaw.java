package io.claritystream.maestro.definition;

import io.swagger.v3.oas.annotations.media.Schema;

/// One thing that is wrong with a document.
///
/// @param pointer where, as a JSON pointer into the document (RFC 6901)
/// @param code stable, for programs
/// @param message what is wrong
/// @param remedy what to do about it
@Schema(name = "WorkflowFlaw")
public record Flaw(String pointer, String code, String message, String remedy) {

  /// One step further into a pointer.
  public static String at(String pointer, Object step) {
    return pointer + "/" + step.toString().replace("~", "~0").replace("/", "~1");
  }
}
