package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/// Holds every controller method to its rule. A method of ours without one fails the start; should
/// one be asked for all the same, it is refused.
final class AccessRules implements HandlerInterceptor, SmartInitializingSingleton {

  /// Who may call a method.
  sealed interface Rule {
    /// Anyone at all: the method is one of [PublicRoutes].
    record Open() implements Rule {}

    /// Whoever is signed in.
    record SignedIn() implements Rule {}

    /// Whose role permits this.
    record Permitted(Permission permission) implements Rule {}
  }

  private final ObjectProvider<RequestMappingHandlerMapping> mappings;
  private volatile Map<Method, Rule> rules = Map.of();

  /// @param mappings asked for late: the mapping itself holds the interceptors, this among them
  AccessRules(ObjectProvider<RequestMappingHandlerMapping> mappings) {
    this.mappings = mappings;
  }

  @Override
  public void afterSingletonsInstantiated() {
    Map<Method, Rule> found = new HashMap<>();
    List<String> without = new ArrayList<>();
    mappings
        .getObject()
        .getHandlerMethods()
        .forEach(
            (mapping, method) -> {
              if (!ours(method)) {
                return;
              }
              List<Rule> declared = declared(mapping, method);
              if (declared.size() == 1) {
                found.put(method.getMethod(), declared.getFirst());
              } else {
                without.add(mapping + " " + method.getShortLogMessage() + " " + declared);
              }
            });
    if (!without.isEmpty()) {
      throw new IllegalStateException(
          "controller methods need exactly one of @RequiresPermission, @AnyCaller or a place in "
              + "PublicRoutes: "
              + String.join("; ", without));
    }
    rules = Map.copyOf(found);
  }

  Map<Method, Rule> rules() {
    return rules;
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (!(handler instanceof HandlerMethod method) || !ours(method)) {
      return true;
    }
    switch (rules.get(method.getMethod())) {
      case Rule.Open open -> {}
      case Rule.SignedIn signedIn -> CallerAuthentication.current();
      case Rule.Permitted(Permission permission) -> {
        Caller caller = CallerAuthentication.current();
        if (!caller.may(permission)) {
          throw Problem.of(
              ProblemCode.FORBIDDEN,
              "The role " + caller.role().key() + " does not permit " + permission.key() + ".");
        }
      }
      case null -> throw Problem.of(ProblemCode.FORBIDDEN, null);
    }
    return true;
  }

  /// Whether a handler is the product's own; the framework's (actuator) are ruled by path.
  static boolean ours(HandlerMethod method) {
    Class<?> type = method.getBeanType();
    return type.getName().startsWith("io.claritystream.")
        && !ErrorController.class.isAssignableFrom(type);
  }

  private static List<Rule> declared(RequestMappingInfo mapping, HandlerMethod method) {
    List<Rule> declared = new ArrayList<>();
    RequiresPermission permission = method.getMethodAnnotation(RequiresPermission.class);
    if (permission != null) {
      declared.add(new Rule.Permitted(permission.value()));
    }
    if (method.hasMethodAnnotation(AnyCaller.class)) {
      declared.add(new Rule.SignedIn());
    }
    Set<RequestMethod> methods = mapping.getMethodsCondition().getMethods();
    boolean open =
        !methods.isEmpty()
            && mapping.getPatternValues().stream()
                .allMatch(
                    pattern ->
                        methods.stream()
                            .allMatch(verb -> PublicRoutes.contains(verb.name(), pattern)));
    if (open) {
      declared.add(new Rule.Open());
    }
    return declared;
  }
}
