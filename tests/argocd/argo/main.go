// Command argo is the two parts of Argo CD that a sync needs, and its Lua machine without a cluster.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const usage = `usage: argo controller FLAGS...                the application controller
       argo repo-server FLAGS...               the repository server
       argo health SCRIPT.lua <OBJECT.yaml     the health that Argo CD would show
       argo test FOLDER                        runs the cases of FOLDER/health_test.yaml and FOLDER/actions/action_test.yaml`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "argo:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	os.Args = args // Argo CD's own commands read their flags from there
	switch {
	case args[0] == "controller":
		return controller.NewCommand().Execute()
	case args[0] == "repo-server":
		return reposerver.NewCommand().Execute()
	case args[0] == "health" && len(args) == 2:
		return health(args[1], os.Stdin)
	case args[0] == "test" && len(args) == 2:
		return test(args[1])
	}
	return errors.New(usage)
}

func health(script string, input io.Reader) error {
	code, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &object.Object); err != nil {
		return err
	}
	shown, err := lua.VM{}.ExecuteHealthLua(object, string(code))
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", shown.Status, shown.Message)
	return nil
}
