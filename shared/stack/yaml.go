package stack

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// plain reads YAML into maps, slices, strings, numbers and booleans. CloudFormation's short tags become what they are short for:
// !Ref X is {Ref: X}, !Sub and the others are {Fn::Sub: ...}, and !GetAtt X.Arn is {Fn::GetAtt: [X, Arn]}.
func plain(source []byte) (map[string]any, error) {
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, err
	}
	if len(file.Docs) != 1 {
		return nil, fmt.Errorf("%d documents, not one", len(file.Docs))
	}
	v, err := plainNode(file.Docs[0].Body)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%T is no mapping", v)
	}
	return m, nil
}

func plainNode(n ast.Node) (any, error) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return plainMapping(n.Values)
	case *ast.MappingValueNode:
		return plainMapping([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, item := range n.Values {
			v, err := plainNode(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case *ast.TagNode:
		return plainTag(n)
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case ast.ScalarNode:
		return n.GetValue(), nil
	default:
		return nil, fmt.Errorf("line %d: %T is nothing that CloudFormation reads", n.GetToken().Position.Line, n)
	}
}

func plainMapping(values []*ast.MappingValueNode) (any, error) {
	m := make(map[string]any, len(values))
	for _, value := range values {
		v, err := plainNode(value.Value)
		if err != nil {
			return nil, err
		}
		m[value.Key.GetToken().Value] = v
	}
	return m, nil
}

func plainTag(n *ast.TagNode) (any, error) {
	name := strings.TrimPrefix(n.Start.Value, "!")
	v, err := plainNode(n.Value)
	if err != nil {
		return nil, err
	}
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		if s, ok := v.(string); ok {
			resource, attribute, _ := strings.Cut(s, ".")
			v = []any{resource, attribute}
		}
		name = "Fn::GetAtt"
	default:
		name = "Fn::" + name
	}
	return map[string]any{name: v}, nil
}
