package stack

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// noValue is what AWS::NoValue stands for: the property is not there.
type noValue struct{}

// resolver replaces CloudFormation's functions by what they give.
type resolver struct {
	doc    map[string]any
	values map[string]string // what Ref gives: parameters, pseudo parameters, resources
}

// resolve knows the functions that the template uses, and refuses others.
func (r resolver) resolve(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return r.call(name, argument)
				}
			}
		}
		m := make(map[string]any, len(v))
		for key, inner := range v {
			got, err := r.resolve(inner)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			if got != (noValue{}) {
				m[key] = got
			}
		}
		return m, nil
	case []any:
		list := make([]any, 0, len(v))
		for _, inner := range v {
			got, err := r.resolve(inner)
			if err != nil {
				return nil, err
			}
			if got != (noValue{}) {
				list = append(list, got)
			}
		}
		return list, nil
	default:
		return v, nil
	}
}

func (r resolver) call(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return r.ref(fmt.Sprint(argument))
	case "Fn::GetAtt":
		if list, ok := argument.([]any); ok && len(list) == 2 {
			return fmt.Sprintf("%v.%v", list[0], list[1]), nil
		}
	case "Fn::Sub":
		if s, ok := argument.(string); ok {
			return r.sub(s)
		}
	case "Fn::Join":
		resolved, err := r.resolve(argument)
		if err != nil {
			return nil, err
		}
		if list := (tree{resolved}).list(); len(list) == 2 {
			return strings.Join(list[1].texts(), list[0].text()), nil
		}
	case "Fn::If":
		list, ok := argument.([]any)
		if !ok || len(list) != 3 {
			break
		}
		conditions, _ := r.doc["Conditions"].(map[string]any)
		condition, ok := conditions[fmt.Sprint(list[0])]
		if !ok {
			return nil, fmt.Errorf("there is no condition %v", list[0])
		}
		yes, err := r.resolve(condition)
		if err != nil {
			return nil, err
		}
		if yes == true {
			return r.resolve(list[1])
		}
		return r.resolve(list[2])
	case "Fn::Not", "Fn::Equals", "Fn::Contains":
		resolved, err := r.resolve(argument)
		if err != nil {
			return nil, err
		}
		if list, ok := resolved.([]any); ok && len(list) == 1 && name == "Fn::Not" {
			return list[0] != true, nil
		} else if ok && len(list) == 2 && name == "Fn::Equals" {
			return fmt.Sprint(list[0]) == fmt.Sprint(list[1]), nil
		} else if ok && len(list) == 2 && name == "Fn::Contains" {
			return slices.Contains((tree{list[0]}).texts(), fmt.Sprint(list[1])), nil
		}
	}
	return nil, fmt.Errorf("%s: %v is a use of it that the reader does not know", name, argument)
}

// rules refuses values that CloudFormation would not begin to deploy.
func (r resolver) rules() error {
	all, err := r.resolve(r.doc["Rules"])
	if err != nil {
		return fmt.Errorf("reading Rules: %w", err)
	}
	for name := range (tree{all}).mapping() {
		rule := tree{all}.at(name)
		if when := rule.at("RuleCondition"); when.there() && when.v != true {
			continue
		}
		for _, a := range rule.at("Assertions").list() {
			if a.at("Assert").v != true {
				return fmt.Errorf("rule %s: %s", name, a.at("AssertDescription").text())
			}
		}
	}
	return nil
}

func (r resolver) ref(name string) (any, error) {
	if name == "AWS::NoValue" {
		return noValue{}, nil
	}
	if v, ok := r.values[name]; ok {
		if (tree{r.doc}).at("Parameters", name, "Type").text() == "CommaDelimitedList" {
			return commas(v), nil
		}
		return v, nil
	}
	if _, ok := r.resources()[name]; ok {
		return name, nil
	}
	if resource, _, _ := strings.Cut(name, "."); resource != name && r.resources()[resource] != nil { // as in SAM's Ref of Api.Stage
		return name, nil
	}
	return nil, fmt.Errorf("there is no %s to refer to", name)
}

// commas is the list, as CloudFormation reads it: without spaces around.
func commas(s string) []any {
	var list []any
	for _, v := range strings.Split(s, ",") {
		list = append(list, strings.TrimSpace(v))
	}
	return list
}

// sub fills ${Name} and leaves ${Resource.Attribute} as Resource.Attribute.
func (r resolver) sub(s string) (string, error) {
	var bad error
	out := regexp.MustCompile(`\$\{[^}]*\}`).ReplaceAllStringFunc(s, func(name string) string {
		v, err := r.ref(name[2 : len(name)-1])
		if err != nil {
			bad = err
		}
		return fmt.Sprint(v)
	})
	return out, bad
}

func (r resolver) resources() map[string]any {
	m, _ := r.doc["Resources"].(map[string]any)
	return m
}

// defaults is what Ref gives before anything is created: the parameters' defaults, and a place that AWS does not have.
func defaults(doc map[string]any, given map[string]string) (map[string]string, error) {
	values := map[string]string{
		"AWS::Region": Region, "AWS::Partition": "aws", "AWS::AccountId": "000000000000", "AWS::StackName": "reprise",
	}
	parameters, _ := doc["Parameters"].(map[string]any)
	for name, p := range parameters {
		p, _ := p.(map[string]any)
		v, ok := p["Default"]
		if !ok {
			return nil, fmt.Errorf("parameter %s has no default: a first deploy would ask for it", name)
		}
		values[name] = fmt.Sprint(v)
	}
	resources, _ := doc["Resources"].(map[string]any)
	for name := range given {
		_, known := values[name]
		if _, resource := resources[name]; !known && !resource {
			return nil, fmt.Errorf("there is neither a parameter nor a resource %s", name)
		}
	}
	maps.Copy(values, given)
	return values, nil
}
