package lambdatest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// passes reports whether Lambda would hand a record over: where there are filters, one of them must match.
func passes(filters []string, record []byte) (bool, error) {
	if len(filters) == 0 {
		return true, nil
	}
	var value any
	if err := json.Unmarshal(record, &value); err != nil {
		return false, err
	}
	for _, f := range filters {
		var pattern map[string]any
		if err := json.Unmarshal([]byte(f), &pattern); err != nil {
			return false, fmt.Errorf("filter %s: %w", f, err)
		}
		if ok, err := matches(pattern, value); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// matches knows patterns of values that must be one of some, and no other operator.
func matches(pattern map[string]any, value any) (bool, error) {
	fields, _ := value.(map[string]any)
	for key, want := range pattern {
		got, there := fields[key]
		switch want := want.(type) {
		case map[string]any:
			if ok, err := matches(want, got); !ok || err != nil {
				return false, err
			}
		case []any:
			for _, w := range want {
				if _, operator := w.(map[string]any); operator {
					return false, fmt.Errorf("the filter's %s has an operator that is not known here: %v", key, w)
				}
			}
			if !there || !slices.Contains(want, got) {
				return false, nil
			}
		default:
			return false, fmt.Errorf("the filter's %s is neither an object nor a list", key)
		}
	}
	return true, nil
}
