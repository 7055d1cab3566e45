package io.claritystream.embedded.demo;

/// What a line control says that a machine does.
enum MachineState {
  RUNNING("running"),
  WAITING("waiting"),
  CHANGEOVER("changeover"),
  STOPPED("stopped"),
  OFF("off");

  private final String word;

  MachineState(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }
}
