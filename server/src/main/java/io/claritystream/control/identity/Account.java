package io.claritystream.control.identity;

import io.claritystream.base.db.UserId;

/// A person's account.
record Account(UserId id, String email, String name, String passwordHash) {

  @Override
  public String toString() {
    return "Account[" + id + "]";
  }
}
