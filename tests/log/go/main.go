// A second opinion on a log that the registry wrote, by golang.org/x/mod/sumdb: tests/log/test_go_agrees.py runs it and compares.
//
// Arguments: the folder of the log (checkpoint, tile/..., and beside them vkey, secret, leaves: one base 64 entry a line),
// then the sizes at which every proof is made. It authenticates each tile against the signed checkpoint, makes every root
// from the leaves alone, and prints roots, proofs, and the checkpoint as it would sign it, as JSON.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type answer struct {
	Roots       []string            `json:"roots"`       // of every size from 1: this Go has another idea of the empty tree than RFC 6962
	Inclusion   map[string][]string `json:"inclusion"`   // "index/size"
	Consistency map[string][]string `json:"consistency"` // "old/new"
	Paths       []string            `json:"paths"`       // of the tiles of hashes, as Go names them, without the height
	Note        string              `json:"note"`        // the text of the checkpoint, signed anew
}

type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, s[index])
	}
	return found, nil
}

type folder string

func (f folder) Height() int                             { return 8 }
func (f folder) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		content, err := os.ReadFile(filepath.Join(string(f), placeOf(tile)))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func placeOf(tile tlog.Tile) string { return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/") }

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	home := os.Args[1]
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(home, name))
		must(err)
		return string(content)
	}
	verifier, err := note.NewVerifier(read("vkey"))
	must(err)
	opened, err := note.Open([]byte(read("checkpoint")), note.VerifierList(verifier))
	must(err)
	signer, err := note.NewSigner(read("secret"))
	must(err)
	signed, err := note.Sign(&note.Note{Text: opened.Text}, signer)
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)

	var stored storage
	said := answer{Roots: []string{}, Inclusion: map[string][]string{}, Consistency: map[string][]string{}, Note: string(signed)}
	addRoot := func(count int64) {
		hash, err := tlog.TreeHash(count, stored)
		must(err)
		said.Roots = append(said.Roots, hash.String())
	}
	for index, line := range strings.Fields(read("leaves")) {
		entry, err := base64.StdEncoding.DecodeString(line)
		must(err)
		hashes, err := tlog.StoredHashes(int64(index), entry, stored)
		must(err)
		stored = append(stored, hashes...)
		addRoot(int64(index) + 1)
	}

	tiles := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, folder(home))
	for _, text := range os.Args[2:] {
		count, err := strconv.ParseInt(text, 10, 64)
		must(err)
		for index := int64(0); index < count; index++ {
			path, err := tlog.ProveRecord(count, index, tiles)
			must(err)
			growth, err := tlog.ProveTree(count, index+1, tiles)
			must(err)
			for _, hash := range path {
				key := fmt.Sprintf("%d/%d", index, count)
				said.Inclusion[key] = append(said.Inclusion[key], hash.String())
			}
			for _, hash := range growth {
				key := fmt.Sprintf("%d/%d", index+1, count)
				said.Consistency[key] = append(said.Consistency[key], hash.String())
			}
		}
	}
	for _, tile := range tlog.NewTiles(8, 0, size) {
		said.Paths = append(said.Paths, placeOf(tile))
	}
	must(json.NewEncoder(os.Stdout).Encode(said))
}
