// Command hungry takes more memory than anybody gives it.
package main

func main() {
	var eaten [][]byte
	for {
		meal := make([]byte, 1<<20)
		for i := range meal {
			meal[i] = 1
		}
		eaten = append(eaten, meal)
	}
}
