from shop.prices import price as price
