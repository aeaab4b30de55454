// Command crd-validation runs the API server's own checks, the cost limits of CEL rules included, on the
// CustomResourceDefinitions in the YAML files that are its arguments. It prints each error and exits 1 if there is one.
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

func main() {
	failed := len(os.Args) < 2
	if failed {
		fmt.Fprintln(os.Stderr, "usage: crd-validation FILE.yaml...")
	}
	for _, path := range os.Args[1:] {
		problems, err := check(path)
		if err != nil {
			problems = append(problems, err)
		}
		for _, problem := range problems {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, problem)
		}
		failed = failed || len(problems) > 0
	}
	if failed {
		os.Exit(1)
	}
}

// check returns what the API server would refuse in the file; a kustomization beside the definitions is passed over.
func check(path string) ([]error, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var external v1.CustomResourceDefinition
	err = yaml.UnmarshalStrict(text, &external)
	if external.Kind == "Kustomization" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	scheme.Default(&external)
	for _, version := range external.Spec.Versions {
		external.Status.StoredVersions = append(external.Status.StoredVersions, version.Name)
	}
	var internal apiextensions.CustomResourceDefinition
	if err := scheme.Convert(&external, &internal, nil); err != nil {
		return nil, err
	}
	var problems []error
	for _, problem := range validation.ValidateCustomResourceDefinition(context.Background(), &internal) {
		problems = append(problems, problem)
	}
	return problems, nil
}
