package stack

import (
	"fmt"
	"maps"
	"slices"
)

// Environment is what a function's bootstrap has in its environment on this machine: the template's variables, and where the
// SDK finds the test servers. Names of tables, queues' URLs and parameters are those of With.
func (t *Template) Environment(function string, base, queues *Server) ([]string, error) {
	f, ok := t.Functions[function]
	if !ok {
		return nil, fmt.Errorf("template.yaml has no function %s", function)
	}
	all := map[string]string{
		"AWS_REGION": Region, "AWS_ACCESS_KEY_ID": testCredential, "AWS_SECRET_ACCESS_KEY": testCredential,
		"AWS_ENDPOINT_URL_DYNAMODB": base.URL, "AWS_ENDPOINT_URL_SQS": queues.URL,
		"AWS_LAMBDA_FUNCTION_NAME": f.Folder, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": fmt.Sprint(f.Memory), "AWS_LAMBDA_FUNCTION_TIMEOUT": seconds(f.Timeout),
	}
	maps.Copy(all, f.Environment)
	var list []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, key+"="+all[key])
	}
	return list, nil
}
