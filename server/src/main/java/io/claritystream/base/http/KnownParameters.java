package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/// Refuses query parameters that the method does not name, and those that come twice and are no
/// list: a filter misspelt would otherwise silently widen the answer. Also those that no stored
/// text can equal, and booleans that are neither `true` nor `false`: Spring takes `on`, `yes` and
/// `1` for one, and nothing for the other.
final class KnownParameters implements HandlerInterceptor {

  private static final Set<String> BOOLEANS = Set.of("true", "false");
  private static final DefaultParameterNameDiscoverer NAMES = new DefaultParameterNameDiscoverer();

  /// @param booleans those of the names that are one or the other
  /// @param lists those that may come more than once
  private record Known(Set<String> names, Set<String> booleans, Set<String> lists) {}

  private final Map<Method, Known> known = new ConcurrentHashMap<>();

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (!(handler instanceof HandlerMethod method) || !AccessRules.ours(method)) {
      return true;
    }
    if (request.getQueryString() == null) {
      return true;
    }
    if (method.hasMethodAnnotation(AnyQuery.class)) {
      return true;
    }
    Map<String, String[]> sent = request.getParameterMap();
    Known parameters = known.computeIfAbsent(method.getMethod(), key -> of(method));
    sent.forEach(
        (name, values) -> {
          if (!parameters.names.contains(name)) {
            boolean pointer = name.isEmpty() || name.startsWith("/");
            // What a client calls a parameter must not pass for a place in the body.
            throw Problem.invalid(
                ProblemCode.UNKNOWN_FIELD, pointer ? "?" + name : name, "is not a known parameter");
          }
          if (values.length > 1 && !parameters.lists.contains(name)) {
            throw Problem.invalid(name, "may be sent only once");
          }
          for (String value : values) {
            // No text in PostgreSQL can hold it.
            if (value.indexOf('\0') >= 0) {
              throw Problem.invalid(name, "must not hold the character U+0000");
            }
          }
          if (parameters.booleans.contains(name) && !BOOLEANS.contains(values[0])) {
            throw Problem.invalid(name, "must be true or false");
          }
        });
    return true;
  }

  private static Known of(HandlerMethod method) {
    Set<String> names = new HashSet<>();
    Set<String> booleans = new HashSet<>();
    Set<String> lists = new HashSet<>();
    for (MethodParameter parameter : method.getMethodParameters()) {
      if (parameter.getParameterType() == PageRequest.class) {
        names.add("limit");
        names.add("cursor");
      } else if (parameter.hasParameterAnnotation(RequestParam.class)) {
        String name = declaredName(parameter);
        if (name != null) {
          names.add(name);
          Class<?> type = parameter.getParameterType();
          if (type == boolean.class || type == Boolean.class) {
            booleans.add(name);
          } else if (type == List.class) {
            lists.add(name);
          }
        }
      }
    }
    QueryParameters others = method.getMethodAnnotation(QueryParameters.class);
    if (others != null) {
      names.addAll(Set.of(others.value()));
    }
    return new Known(Set.copyOf(names), Set.copyOf(booleans), Set.copyOf(lists));
  }

  /// The name that the API knows a parameter by.
  static @Nullable String declaredName(MethodParameter parameter) {
    RequestParam query = parameter.getParameterAnnotation(RequestParam.class);
    if (query != null && !query.name().isEmpty()) {
      return query.name();
    }
    PathVariable path = parameter.getParameterAnnotation(PathVariable.class);
    if (path != null && !path.name().isEmpty()) {
      return path.name();
    }
    RequestHeader header = parameter.getParameterAnnotation(RequestHeader.class);
    if (header != null && !header.name().isEmpty()) {
      return header.name();
    }
    parameter.initParameterNameDiscovery(NAMES);
    return parameter.getParameterName();
  }
}
