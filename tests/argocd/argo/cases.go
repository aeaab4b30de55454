// The cases of a folder, in the form that Argo CD's own repository gives them.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

type healthCases struct {
	Tests []struct {
		InputPath    string `json:"inputPath"`
		HealthStatus struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"healthStatus"`
	} `json:"tests"`
}

type actionCases struct {
	DiscoveryTests []struct {
		InputPath string `json:"inputPath"`
		Result    []struct {
			Name     string `json:"name"`
			Disabled bool   `json:"disabled"`
		} `json:"result"`
	} `json:"discoveryTests"`
	ActionTests []struct {
		Action             string `json:"action"`
		InputPath          string `json:"inputPath"`
		ExpectedOutputPath string `json:"expectedOutputPath"`
	} `json:"actionTests"`
}

func test(folder string) error {
	count, problems, err := testHealth(folder)
	if err != nil {
		return err
	}
	actions, more, err := testActions(filepath.Join(folder, "actions"))
	if err != nil {
		return err
	}
	for _, problem := range append(problems, more...) {
		fmt.Fprintln(os.Stderr, problem)
	}
	if failed := len(problems) + len(more); failed > 0 {
		return fmt.Errorf("%d of %d cases failed", failed, count+actions)
	}
	fmt.Printf("argo: %d cases passed\n", count+actions)
	return nil
}

func testHealth(folder string) (int, []string, error) {
	var cases healthCases
	if err := read(filepath.Join(folder, "health_test.yaml"), &cases); err != nil {
		return 0, nil, err
	}
	script, err := os.ReadFile(filepath.Join(folder, "health.lua"))
	if err != nil {
		return 0, nil, err
	}
	if len(cases.Tests) == 0 {
		return 0, nil, errors.New("there is no case of health")
	}
	var problems []string
	for _, expected := range cases.Tests {
		object, err := readObject(filepath.Join(folder, expected.InputPath))
		if err != nil {
			return 0, nil, err
		}
		shown, err := lua.VM{}.ExecuteHealthLua(object, string(script))
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", expected.InputPath, err))
			continue
		}
		want := expected.HealthStatus
		if string(shown.Status) != want.Status || shown.Message != want.Message {
			problems = append(problems, fmt.Sprintf("%s: %s %q, not %s %q",
				expected.InputPath, shown.Status, shown.Message, want.Status, want.Message))
		}
	}
	return len(cases.Tests), problems, nil
}

func testActions(folder string) (int, []string, error) {
	var cases actionCases
	if err := read(filepath.Join(folder, "action_test.yaml"), &cases); err != nil {
		return 0, nil, err
	}
	discovery, err := os.ReadFile(filepath.Join(folder, "discovery.lua"))
	if err != nil {
		return 0, nil, err
	}
	var problems []string
	for _, expected := range cases.DiscoveryTests {
		object, err := readObject(filepath.Join(folder, expected.InputPath))
		if err != nil {
			return 0, nil, err
		}
		found, err := lua.VM{}.ExecuteResourceActionDiscovery(object, []string{string(discovery)})
		if err != nil {
			return 0, nil, err
		}
		var got, want []string
		for _, action := range found {
			got = append(got, fmt.Sprintf("%s disabled=%t", action.Name, action.Disabled))
		}
		for _, action := range expected.Result {
			want = append(want, fmt.Sprintf("%s disabled=%t", action.Name, action.Disabled))
		}
		sort.Strings(got)
		sort.Strings(want)
		if !reflect.DeepEqual(got, want) {
			problems = append(problems, fmt.Sprintf("%s: actions %v, not %v", expected.InputPath, got, want))
		}
	}
	for _, expected := range cases.ActionTests {
		problem, err := testAction(folder, expected.Action, expected.InputPath, expected.ExpectedOutputPath)
		if err != nil {
			return 0, nil, err
		}
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	return len(cases.DiscoveryTests) + len(cases.ActionTests), problems, nil
}

// testAction compares what an action leaves. The instant of an annotation is compared by its presence only.
func testAction(folder, action, input, output string) (string, error) {
	script, err := os.ReadFile(filepath.Join(folder, action, "action.lua"))
	if err != nil {
		return "", err
	}
	before, err := readObject(filepath.Join(folder, input))
	if err != nil {
		return "", err
	}
	want, err := readObject(filepath.Join(folder, output))
	if err != nil {
		return "", err
	}
	changed, err := lua.VM{}.ExecuteResourceAction(before, string(script), nil)
	if err != nil {
		return fmt.Sprintf("%s of %s: %v", action, input, err), nil
	}
	if len(changed) != 1 {
		return fmt.Sprintf("%s of %s changes %d objects", action, input, len(changed)), nil
	}
	got := changed[0].UnstructuredObj
	hideInstants(got)
	hideInstants(want)
	if !reflect.DeepEqual(got.Object, want.Object) {
		text, err := yaml.Marshal(got.Object)
		return fmt.Sprintf("%s of %s gives, and not %s:\n%s", action, input, output, text), err
	}
	return "", nil
}

func hideInstants(object *unstructured.Unstructured) {
	annotations := object.GetAnnotations()
	for key, value := range annotations {
		if len(value) == len("2026-01-01T00:00:00Z") && value[10] == 'T' {
			annotations[key] = "an instant"
		}
	}
	object.SetAnnotations(annotations)
}

func readObject(path string) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	return object, read(path, &object.Object)
}

func read(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
