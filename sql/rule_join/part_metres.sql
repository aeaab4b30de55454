2 * 6371008.8 * asin(least(1., sqrt(
    pow(sin(radians(latitude - centre_latitude) / 2), 2)
    + cos(radians(centre_latitude)) * cos(radians(latitude)) * pow(sin(radians(longitude - centre_longitude) / 2), 2))))
