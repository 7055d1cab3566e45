package io.claritystream.control.identity;

/// What a person gives to register, checked and in its normal form.
record SignUp(
    Email email,
    String password,
    String name,
    String organization,
    String industry,
    String region) {

  @Override
  public String toString() {
    return "SignUp[" + email + "]";
  }
}
