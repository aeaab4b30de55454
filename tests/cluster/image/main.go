// Command image writes an OCI archive that holds programs of this machine and the shared objects that they need, without
// a container engine. `ctr images import`, `kind load image-archive` and `docker load` read it.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
)

// nonroot is the user of distroless images, by number, so that Kubernetes can see that it is not root.
const nonroot = "65532:65532"

const ociType = "application/vnd.oci.image."

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: image OUT.tar NAME:TAG PROGRAM...\nThe first program is the entry point.")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(out, reference string, programs []string) error {
	files := map[string]string{} // path in the image -> file of this machine
	for _, program := range programs {
		files[inImage(program)] = program
		objects, err := sharedObjects(program)
		if err != nil {
			return err
		}
		for _, object := range objects {
			files[object] = object
		}
	}
	layer, err := layerOf(files)
	if err != nil {
		return err
	}
	archive, err := archiveOf(reference, inImage(programs[0]), layer)
	if err != nil {
		return err
	}
	// Renamed into place, so that an archive is whole or missing.
	if err := os.WriteFile(out+".new", archive, 0o644); err != nil {
		return err
	}
	return os.Rename(out+".new", out)
}

func inImage(program string) string {
	return "/usr/local/bin/" + filepath.Base(program)
}

var objectPath = regexp.MustCompile(`(?m)^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$`)

// sharedObjects returns what the dynamic linker would load, itself included; nothing for a static program.
func sharedObjects(program string) ([]string, error) {
	output, err := exec.Command("ldd", program).CombinedOutput()
	text := string(output)
	if strings.Contains(text, "statically linked") || strings.Contains(text, "not a dynamic executable") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w: %s", program, err, text)
	}
	if strings.Contains(text, "not found") {
		return nil, fmt.Errorf("%s needs an object that is missing: %s", program, text)
	}
	var objects []string
	for _, match := range objectPath.FindAllStringSubmatch(text, -1) {
		objects = append(objects, match[1])
	}
	if len(objects) == 0 {
		return nil, errors.New("ldd names no object of " + program)
	}
	return objects, nil
}

// layerOf packs the files in the order of their paths and without times, so that the same files give the same layer.
func layerOf(files map[string]string) ([]byte, error) {
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	folders := map[string]bool{"/": true}
	if err := addFolders(writer, "/tmp", folders); err != nil {
		return nil, err
	}
	var paths []string
	for file := range files {
		paths = append(paths, file)
	}
	sort.Strings(paths)
	for _, file := range paths {
		if err := addFolders(writer, path.Dir(file), folders); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(files[file])
		if err != nil {
			return nil, err
		}
		if err := addFile(writer, file[1:], content, 0o755); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), writer.Close()
}

func addFolders(writer *tar.Writer, folder string, known map[string]bool) error {
	if known[folder] {
		return nil
	}
	if err := addFolders(writer, path.Dir(folder), known); err != nil {
		return err
	}
	known[folder] = true
	mode := fs.FileMode(0o755)
	if folder == "/tmp" {
		mode = 0o1777
	}
	return writer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder[1:] + "/", Mode: int64(mode)})
}

func addFile(writer *tar.Writer, name string, content []byte, mode int64) error {
	header := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}
	if err := writer.WriteHeader(&header); err != nil {
		return err
	}
	_, err := writer.Write(content)
	return err
}

type object map[string]any

// archiveOf lays out one layer, its configuration, its manifest and the index that names it.
func archiveOf(reference, entrypoint string, layer []byte) ([]byte, error) {
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH, "os": "linux",
		"config":  object{"Entrypoint": []string{entrypoint}, "User": nonroot, "WorkingDir": "/", "Env": []string{"PATH=/usr/local/bin"}},
		"rootfs":  object{"type": "layers", "diff_ids": []string{digest(layer)}},
		"history": []object{{"created_by": "image"}},
	})
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(object{
		"schemaVersion": 2, "mediaType": ociType + "manifest.v1+json",
		"config": descriptor("config.v1+json", config),
		"layers": []object{descriptor("layer.v1.tar", layer)},
	})
	if err != nil {
		return nil, err
	}
	listed := descriptor("manifest.v1+json", manifest)
	_, tag, _ := strings.Cut(path.Base(reference), ":")
	listed["annotations"] = object{"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": tag}
	index, err := json.Marshal(object{"schemaVersion": 2, "manifests": []object{listed}})
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	parts := []struct {
		name    string
		content []byte
	}{
		{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {"index.json", index},
		{blob(layer), layer}, {blob(config), config}, {blob(manifest), manifest},
	}
	for _, part := range parts {
		if err := addFile(writer, part.name, part.content, 0o644); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), writer.Close()
}

func descriptor(mediaType string, content []byte) object {
	return object{"mediaType": ociType + mediaType, "digest": digest(content), "size": len(content)}
}

func digest(content []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}

func blob(content []byte) string {
	return "blobs/" + strings.Replace(digest(content), ":", "/", 1)
}
