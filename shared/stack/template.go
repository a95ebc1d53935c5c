package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// Template is template.yaml with its functions (Ref, Sub, If and so on) resolved. Where something was not created yet, Ref gives
// its logical id, and attributes are written as Resource.Attribute always.
type Template struct {
	Tables     map[string]Table // each by its logical id
	Queues     map[string]Queue
	Functions  map[string]Function
	Resources  map[string]Resource // those and all others
	Parameters map[string]Parameter
	Outputs    map[string]string // what a deployment says at its end
	doc        map[string]any
	values     map[string]string // With's
}

// Parameter is what a deployment may say.
type Parameter struct {
	Type, Default string
	Min, Max      string   // of a number
	Allowed       []string // values; empty: others, too
	Pattern       string
	Constraint    string // what is said of another value
}

// Resource is a resource as the template has it.
type Resource struct {
	Type       string
	Condition  string // under which it is made; empty: always
	Deletion   string // its DeletionPolicy
	Replace    string // its UpdateReplacePolicy
	Metadata   map[string]any
	Properties map[string]any
}

// Load reads template.yaml of this tree.
func Load() (*Template, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	return Parse(source)
}

// Parse reads a template.
func Parse(source []byte) (*Template, error) {
	doc, err := plain(source)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	return read(doc, nil)
}

// With is the template in which Ref gives these values: of parameters, and of what was created (CreateTables, CreateQueues).
// Values that one of its rules forbids are an error.
func (t *Template) With(values ...map[string]string) (*Template, error) {
	all := maps.Clone(t.values)
	for _, v := range values {
		maps.Copy(all, v)
	}
	return read(t.doc, all)
}

func read(doc map[string]any, given map[string]string) (*Template, error) {
	values, err := defaults(doc, given)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	t := &Template{
		Tables: make(map[string]Table), Queues: make(map[string]Queue), Functions: make(map[string]Function),
		Resources: make(map[string]Resource), Parameters: make(map[string]Parameter), Outputs: make(map[string]string),
		doc: doc, values: given,
	}
	for name := range (tree{doc["Parameters"]}).mapping() {
		p := tree{doc["Parameters"]}.at(name)
		t.Parameters[name] = Parameter{
			p.at("Type").text(), p.at("Default").text(), p.at("MinValue").text(), p.at("MaxValue").text(),
			p.at("AllowedValues").texts(), p.at("AllowedPattern").text(), p.at("ConstraintDescription").text(),
		}
	}
	if t.values == nil {
		t.values = make(map[string]string)
	}
	r := resolver{doc, values}
	if err := r.rules(); err != nil {
		return nil, err
	}
	globals, err := r.resolve(doc["Globals"])
	if err != nil {
		return nil, fmt.Errorf("reading Globals: %w", err)
	}
	outputs, err := r.resolve(doc["Outputs"])
	if err != nil {
		return nil, fmt.Errorf("reading Outputs: %w", err)
	}
	for name := range (tree{outputs}).mapping() {
		t.Outputs[name] = tree{outputs}.at(name, "Value").text()
	}
	for id, raw := range r.resources() {
		resolved, err := r.resolve(raw)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", id, err)
		}
		m := tree{resolved}
		t.Resources[id] = Resource{
			m.at("Type").text(), m.at("Condition").text(), m.at("DeletionPolicy").text(), m.at("UpdateReplacePolicy").text(),
			m.at("Metadata").mapping(), m.at("Properties").mapping(),
		}
	}
	for id, resource := range t.Resources {
		p := tree{resource.Properties}
		switch resource.Type {
		case "AWS::DynamoDB::Table":
			t.Tables[id] = table(id, p)
		case "AWS::SQS::Queue":
			t.Queues[id] = queue(id, p)
		case "AWS::Serverless::Function":
			t.Functions[id] = function(id, p, tree{globals}.at("Function"), t.Resources)
		}
	}
	return t, nil
}
