module segmentation.dev/cluster-image

go 1.26.0
