package lambdatest

import (
	"fmt"
	"path/filepath"

	"reprise/shared/stack"
)

// Open is the function of that folder of functions/ by itself: nothing calls it but Call. Built is the folder of Build.
func Open(t *stack.Template, folder, built string, base, queues *stack.Server) (*Function, error) {
	program, err := emulator()
	if err != nil {
		return nil, err
	}
	for id, f := range t.Functions {
		if f.Folder != folder {
			continue
		}
		environment, err := t.Environment(id, base, queues)
		if err != nil {
			return nil, err
		}
		return &Function{Function: f, program: program, folder: filepath.Join(built, folder), environment: environment}, nil
	}
	return nil, fmt.Errorf("template.yaml has no function of functions/%s", folder)
}

// Close ends it.
func (f *Function) Close() { f.close() }
