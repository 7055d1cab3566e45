package io.claritystream.control.identity;

/// What a person gives to register, checked and in its normal form.
record SignUp(Email email, String password, String name, Where where) {

  /// Where the person goes.
  sealed interface Where {
    /// Into a new organization, as its owner.
    record New(String organization, String industry, String region) implements Where {}

    /// Where the person was invited to.
    record Invited(String token) implements Where {
      @Override
      public String toString() {
        return "Invited[…]";
      }
    }
  }

  @Override
  public String toString() {
    return "SignUp[" + email + "]";
  }
}
